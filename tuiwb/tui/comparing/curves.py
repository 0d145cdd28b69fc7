"""A run's curve of one column on a shared axis, kept until the run has something new."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from tuiwb.plots.domain import x_limits
from tuiwb.plots.figure import Range
from tuiwb.plots.scales import Floats
from tuiwb.plots.smooth import smooth
from tuiwb.run.schema import SAMPLED
from tuiwb.run.tableview import TableView
from tuiwb.run.view import RunView
from tuiwb.tui.axis import Axis
from tuiwb.tui.comparing.timeline import Timeline, timeline
from tuiwb.tui.metrics import catalogue

_NONE = np.empty(0)


class Curve(NamedTuple):
    """What is drawn of a run: ``y`` at ``x``, the extremes around it, and what was not finite."""

    x: Floats
    y: Floats
    low: Floats
    high: Floats
    nonfinite: Floats

    def near(self, x: float, reach: float) -> float | None:
        """The value of the sample nearest to ``x``, where one is at most ``reach`` away."""
        good = np.isfinite(self.y)
        if not good.any():
            return None
        place = int(np.argmin(np.abs(self.x[good] - x)))
        inside = self.x[good][0] - reach <= x <= self.x[good][-1] + reach
        return float(self.y[good][place]) if inside else None

    def last(self) -> float | None:
        """The newest finite value."""
        good = np.flatnonzero(np.isfinite(self.y))
        return float(self.y[good[-1]]) if good.size else None

    def since(self, x: float) -> Curve:
        """The curve from the last sample at or before ``x`` on."""
        first = max(0, int(np.searchsorted(self.x, x, side="right")) - 1)
        return Curve(*(array[first:] for array in self))


EMPTY = Curve(_NONE, _NONE, _NONE, _NONE, _NONE)


def place_of(view: RunView, column: str) -> str | None:
    """The table that a column is in: evaluations before steps, then what a loop tells itself."""
    order = ("evals", "steps", "metrics", *sorted(view.tables))
    return next((name for name in order if column in view.table(name).scalars()), None)


def columns_of(view: RunView) -> list[str]:
    """The columns that a run can be compared by, each once."""
    return list(dict.fromkeys(metric.column for metric in catalogue(view)))


@dataclass
class Curves:
    """The curves of several runs; what has not changed is the same object again."""

    _lines: dict[str, tuple[object, Axis, Timeline | None]] = field(default_factory=dict)
    _kept: dict[str, tuple[tuple[object, ...], Curve]] = field(default_factory=dict)

    def timeline(self, label: str, view: RunView, axis: Axis) -> Timeline | None:
        """How a run stands on the axis."""
        known = self._lines.get(label)
        if known is None or known[0] is not view or known[1] != axis:
            known = self._lines[label] = view, axis, timeline(view, axis)
        return known[2]

    def curve(
        self, label: str, view: RunView, column: str, axis: Axis, x: Range, buckets: int,
        half: float, budget: float | None,
    ) -> Curve:  # fmt: skip
        """The curve of ``column`` over ``x``; empty where the run has none."""
        place, line = place_of(view, column), self.timeline(label, view, axis)
        if place is None or line is None or not view.table(place).rows:
            return EMPTY
        table = view.table(place)
        asked = (table, column, axis, x, buckets, half)
        before = self._kept.get(label)
        if before is not None and before[0][0] is table and before[0][1:] == asked[1:]:
            return before[1]
        low, high = _steps(table, line, axis, x)
        found = table.envelope(column, buckets, "step", low, high, budget)
        found = found.taken() if column in SAMPLED else found
        at = line.at(found.x)
        bright = smooth(at, found.mean, half) if half else found.mean
        nonfinite = found.nonfinite.astype(np.float64)
        curve = Curve(at, bright, found.low, found.high, nonfinite)
        self._kept[label] = asked, curve
        return curve


def _steps(table: TableView, line: Timeline, axis: Axis, x: Range) -> Range:
    """The steps that stand in ``x``; on a clock in round ones, for the end of a run that goes on
    would move every bucket."""
    low, high = line.back(np.asarray(x)).tolist()
    newest = table.last("step") or 0.0
    if axis == "time" and high >= newest:
        high = x_limits(0.0, max(1.0, newest))[1]
    return max(0.0, low), max(low, high)
