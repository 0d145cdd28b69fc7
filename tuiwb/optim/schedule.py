"""The learning rate in force at a step: a schedule's shape behind a linear warm-up."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from tuiwb.spec.declarations import SHELVES
from tuiwb.spec.sections import ScheduleKnobs


def learning_rate(step: int, total: int, knobs: ScheduleKnobs, peak: float) -> float:
    """The learning rate of ``step`` (0-based) of ``total``, in (0, peak]; a pure function.

    The first ``warmup`` steps rise linearly, from one part in ``warmup + 1``, to where the schedule
    begins; the schedule has the steps after them to itself. Beyond ``total`` it stays at its end.
    """
    step = min(step, total - 1)
    warmup = knobs.warmup
    factor = _factor(knobs.name)
    if step < warmup:
        return peak * factor(0, max(total - warmup, 1), knobs) * (step + 1) / (warmup + 1)
    return peak * factor(step - warmup, max(total - warmup, 1), knobs)


@cache
def _factor(name: str) -> Callable[[int, int, Any], float]:
    # asked for at every step: the shelf is searched once
    factor: Callable[[int, int, Any], float] = SHELVES["schedule"].load(name).factor
    return factor
