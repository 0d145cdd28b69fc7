"""Where a run's steps stand on an axis that it shares with others: steps, training time, epochs.

Time is the time spent in training: what lies between two processes of one run, or between a fork
and its parent, is no part of it. So a run that was stopped overnight and one that was not can be
laid over each other, and a fork goes on where its parent was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tuiwb.plots.domain import x_limits
from tuiwb.plots.scales import Floats
from tuiwb.run.tableview import TableView
from tuiwb.run.view import RunView
from tuiwb.tui.axis import Axis, steps_per_epoch, stretches, timed

_SAMPLES = 512
"""Places of the time axis that are measured; between two of them all steps take as long."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """``steps`` (N,) rising, and the ``places`` (N,) where they stand, rising too."""

    steps: Floats
    places: Floats

    def at(self, steps: Floats) -> Floats:
        """Where steps stand; in the rhythm of the last two beyond the end."""
        return _line(steps, self.steps, self.places)

    def back(self, places: Floats) -> Floats:
        """The steps that stand at places."""
        return _line(places, self.places, self.steps)


def timeline(view: RunView, axis: Axis) -> Timeline | None:
    """How a run stands on ``axis``; None where it does not: no epochs known, no step taken."""
    if axis == "step":
        return Timeline(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    if axis == "epoch":
        steps = steps_per_epoch(view)
        return Timeline(np.array([0.0, steps]), np.array([0.0, 1.0])) if steps else None
    table = timed(view)
    return _of_time(table) if table is not None else None


def _of_time(table: TableView) -> Timeline | None:
    ends = stretches(table)
    if not len(ends):
        return None
    last = float(ends[-1, 2])
    # in round steps, so that what was measured stays where it is while a run goes on
    curve = table.envelope("time", _SAMPLES, lo=0.0, hi=x_limits(0.0, max(1.0, last))[1])
    which = np.clip(np.searchsorted(ends[:, 0], curve.x, side="right") - 1, 0, len(ends) - 1)
    # a bucket that holds the rows of two processes has a time that is in neither
    begun, over = ends[:, 1], ends[:, 3]
    if len(ends) == 1:
        begun, over = np.full(1, -np.inf), np.full(1, np.inf)
    # whose clock was set back ends before it began: its end bounds nothing
    over = np.where(over < begun, np.inf, over)
    seconds = np.clip(curve.mean, begun[which], over[which])
    steps = np.concatenate((ends[:, 0], curve.x, ends[:, 2]))
    rested = np.concatenate(([0.0], np.cumsum(np.maximum(0.0, ends[1:, 1] - ends[:-1, 3]))))
    seconds = np.concatenate(
        (ends[:, 1] - rested, seconds - rested[which], ends[:, 3] - rested)
    ) - float(ends[0, 1])  # fmt: skip
    known = np.isfinite(steps) & np.isfinite(seconds)
    steps, seconds = steps[known], seconds[known]
    order = np.lexsort((seconds, steps))
    # a clock that was set back moves no step before another
    return Timeline(steps[order], np.maximum.accumulate(seconds[order]))


def _line(at: Floats, x: Floats, y: Floats) -> Floats:
    inside = np.interp(at, x, y)
    if x.size < 2:
        return inside
    back = max(0, x.size - 1 - max(1, x.size // 8))
    run, rise = float(x[-1] - x[back]), float(y[-1] - y[back])
    if not run > 0:
        return inside
    beyond: Floats = np.where(at > x[-1], y[-1] + (at - x[-1]) * (rise / run), inside)
    return beyond
