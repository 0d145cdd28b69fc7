"""The stop condition of a run, judged at each evaluation."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from tuiwb.base.errors import UserError, nearest
from tuiwb.base.format import number
from tuiwb.engine.build import Session
from tuiwb.engine.evaluation import evaluate
from tuiwb.spec.stopping import parse

ALWAYS = "val_loss"
"""The metric that every task reports."""


class StopWhen:
    """``train.stop_when``, or nothing. A metric that the task does not report is a `UserError`
    here, before it is needed: which there are is known from evaluating one batch."""

    def __init__(self, session: Session, text: str | None = None) -> None:
        """``text`` in the place of the spec's own."""
        text = session.spec.train.stop_when if text is None else text
        self._condition = parse(text) if text else None
        if self._condition is None or self._condition.metric == ALWAYS:
            return
        names = reported(session)
        if self._condition.metric not in names:
            raise UserError(
                f"the task {session.spec.task.name!r} does not report {self._condition.metric}",
                where="train.stop_when",
                found=text,
                allowed=", ".join(names),
                nearest=nearest(self._condition.metric, names),
            )

    def judge(self, metrics: Mapping[str, float]) -> str:
        """Why the run is over, in words; empty where it is not."""
        known = self._condition
        if known is None or known.metric not in metrics or not known.met(metrics[known.metric]):
            return ""
        value = number(metrics[known.metric])
        return f"{known.metric} {value} {known.sign} {number(known.level)}, as asked"


def reported(session: Session) -> tuple[str, ...]:
    """The names of what an evaluation gives. Nothing random is used up."""
    devices = [session.device.device] if session.device.is_cuda else []
    with torch.random.fork_rng(devices):
        return tuple(evaluate(session, most=1))
