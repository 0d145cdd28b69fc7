"""What the trials of a search came to: the best so far, sampler by sampler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tuiwb.client.lessons import Floats, metric
from tuiwb.run.reader import RunReader
from tuiwb.run.view import RunView
from tuiwb.spec.lessons import arm_of


def settled(path: Path) -> RunView | None:
    """A run that is over, read to its end; None while it trains."""
    with RunReader(path) as reader:
        view = reader.poll(budget_s=None)
    return view if view.status.ended_now and not view.behind else None


def arms(views: Mapping[str, RunView]) -> dict[str, tuple[RunView, ...]]:
    """The runs of each sampler, in the order of their trials."""
    grouped: dict[str, list[RunView]] = {}
    for label, view in views.items():
        if arm := arm_of(label):
            grouped.setdefault(arm, []).append(view)
    return {arm: tuple(found) for arm, found in grouped.items()}


def results(views: Sequence[RunView], name: str) -> Floats:
    """A metric of each trial at its end; NaN where it did not get there."""
    ended = [metric(view, name) if view.status.state == "finished" else None for view in views]
    return np.array([np.nan if value is None else value for value in ended], dtype=np.float64)


def best_so_far(values: Floats, falling: bool) -> Floats:
    """After each trial, the best value until then; NaN before there is one."""
    best = np.fmin if falling else np.fmax
    return best.accumulate(values) if len(values) else values
