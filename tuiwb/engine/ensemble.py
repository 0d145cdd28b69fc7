"""Several finished runs as one predictor: their answers averaged on the validation part they share.

Of classifiers the probabilities are averaged, of regressions the numbers (Hansen & Salamon 1990;
Lakshminarayanan, Pritzel & Blundell 2017). What that means is the task's to say:
``combined(outputs)`` makes, of what several models answered, what one model would have answered.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import Tensor, nn

from tuiwb.base.errors import UserError
from tuiwb.base.progress import tell
from tuiwb.engine import checkpoint
from tuiwb.engine.build import Session, build
from tuiwb.engine.evaluation import evaluate
from tuiwb.spec.sections import Spec

Combine = Callable[[Sequence[Tensor]], Tensor]


@dataclass(frozen=True)
class Member:
    """One finished run: what it was and where its weights lie."""

    name: str
    spec: Spec
    checkpoint: Path
    fingerprint: str
    """Of the data that it was trained on."""


class Together(nn.Module):
    """Models that read the same samples, answering as one."""

    def __init__(self, models: Sequence[nn.Module], combine: Combine) -> None:
        super().__init__()
        self.models = nn.ModuleList(models)
        self._combine = combine

    def forward(self, inputs: Tensor) -> Tensor:
        return self._combine([model(inputs) for model in self.models])


def ensemble(members: Iterable[Member]) -> dict[str, Any]:
    """Metrics of every member and of all together, on the validation part.

    ``{samples, members: [{run, step, metrics}], mean, ensemble, gain}``; ``mean`` is over the
    members, ``gain`` the ensemble minus it. Data that is no longer what a member was trained on, a
    damaged checkpoint and a task whose answers cannot be averaged are a `UserError`.
    """
    sessions: list[Session] = []
    rows: list[dict[str, Any]] = []
    for member in members:
        tell(f"loading {member.name}")
        session = _restored(member)
        sessions.append(session)
        rows.append({"run": member.name, "step": session.step, "metrics": evaluate(session)})
    first = sessions[0]
    combine = getattr(first.task, "combined", None)
    if combine is None:
        raise UserError(
            f"the answers of the task {first.spec.task.name!r} cannot be averaged",
            where="task.name",
            found=first.spec.task.name,
            allowed="runs of classify or regress",
        )
    widths = {_width(session) for session in sessions}
    if len(widths) > 1:
        raise UserError(
            "these runs do not answer in the same form",
            where="loss.name",
            found=", ".join(f"{s.spec.loss.name}: {_width(s)} outputs" for s in sessions),
            allowed="runs whose losses read as many outputs",
        )
    models = [session.model for session in sessions]
    together = evaluate(dataclasses.replace(first, model=Together(models, combine)))
    mean = {
        key: sum(row["metrics"][key] for row in rows) / len(rows)
        for key in together
        if all(key in row["metrics"] for row in rows)
    }
    return {
        "samples": len(first.dataset.val),
        "members": rows,
        "mean": mean,
        "ensemble": together,
        "gain": {key: together[key] - value for key, value in mean.items()},
    }


def _restored(member: Member) -> Session:
    """The member as its run ended, on the device that is at hand now."""
    train = msgspec.structs.replace(member.spec.train, device="auto")
    session = build(msgspec.structs.replace(member.spec, train=train))
    if session.dataset.fingerprint != member.fingerprint:
        raise UserError(
            f"the data is not what {member.name} was trained on",
            where=str(member.checkpoint.parent.parent),
            found=f"fingerprint {session.dataset.fingerprint}",
            allowed=member.fingerprint,
            next="the file has been edited since, or another version of a package makes it",
        )
    state = checkpoint.load(member.checkpoint)
    stopping = state["early_stopping"]
    kept = stopping["weights"] if stopping["best_step"] != state["step"] else None
    try:
        # a run that stopped early ended with the weights of its best evaluation
        session.model.load_state_dict(kept or state["model"])
    except RuntimeError as error:
        raise UserError(
            f"the weights do not fit the network of {member.name}",
            where=str(member.checkpoint),
            found=str(error).splitlines()[-1].strip(),
            allowed="a checkpoint that this run wrote",
        ) from None
    session.step = state["step"]
    return session


def _width(session: Session) -> int:
    part = session.dataset.val.inputs[:1]
    session.model.eval()
    with torch.no_grad():
        return int(session.model(part).shape[-1])
