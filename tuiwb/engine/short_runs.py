"""Which rates short runs are made at, beside a range test.

A range test tells where the loss falls and where it is lost; how far below that a run does best
differs from one network to the next by more than ten times, and no share of any rate on the curve
is right for all. So a few short runs are made from one start on the same batches: the first beside
the valley of the curve, each other a step above the best so far, or where that is known, below it.
Where the curve is silent, its valley is anywhere, and steps are twice as wide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tuiwb.base.short_runs import ShortRun, settled
from tuiwb.base.valley import falls, smoothed, valley

STEP = 2.5
"""From the rate of one short run to the next."""
BESIDE = 0.7
"""Of the valley's rate, at which the first run is: the mean lags behind the loss."""


def first(lrs: Sequence[float], losses: Sequence[float]) -> tuple[float, float] | None:
    """The rate of the first short run, and the step to the next; None for a curve of no more than
    one loss."""
    whole = [(lr, loss) for lr, loss in zip(lrs, losses, strict=True) if math.isfinite(loss)]
    if len(whole) < 2:
        return None
    rates, kept = [lr for lr, _ in whole], [loss for _, loss in whole]
    return BESIDE * rates[valley(smoothed(rates, kept))], STEP if falls(kept) else STEP**2


def around(start: float, step: float, count: int, run_at: Callable[[float], ShortRun]) -> None:
    """Ask ``run_at`` for up to ``count`` rates: ``start``, then always the one a factor of ``step``
    above the best so far, else the one below it, until both have been asked for. While all are
    lost, only below."""
    known: dict[int, ShortRun] = {}
    at: int | None = 0
    while at is not None and len(known) < count:
        known[at] = run_at(start * step**at)
        best = settled(list(known.values()))
        places: tuple[int, ...] = (min(known) - 1,)
        if best is not None:
            place = next(place for place, run in known.items() if run is best)
            places = (place + 1, place - 1)
        at = next((place for place in places if place not in known), None)
