"""The x axis of a run's charts: optimiser steps, seconds of training, or epochs.

What lies between two processes of one run (it was stopped overnight, say) is no training: on a
clock the second begins where the first has ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from tuiwb.plots.figure import Range
from tuiwb.plots.scales import Floats
from tuiwb.run.tableview import TableView
from tuiwb.run.view import RunView

Axis = Literal["step", "time", "epoch"]
AXES: tuple[Axis, ...] = get_args(Axis)
_STRETCHES = 64
"""Processes of one run whose pauses are left out; before the last of those, wall time."""
_LOOKS = 64
"""Places at which a run's clock is looked at: reading all of a long run takes a while."""


@dataclass(frozen=True, eq=False)
class Rests:
    """The pauses of a run: when each of its processes began and was over (N,), and the seconds of
    rest before each. Times rise; a clock that was set back between two makes no rest."""

    begun: Floats
    over: Floats
    before: Floats


@dataclass(frozen=True)
class Scaled:
    """An axis of one run: a table's ``column`` less its ``origin``, in units of ``unit``, and less
    the ``rests`` where there are any."""

    name: Axis
    origin: float = 0.0
    unit: float = 1.0
    rests: Rests | None = None

    @property
    def column(self) -> str:
        """The column of a table that it goes by."""
        return "time" if self.name == "time" else "step"

    def at(self, value: Any) -> Any:
        """Where a value of the column stands, or an array of them; all of a rest at one place."""
        if self.rests is not None:
            which = _last_at(self.rests.begun, value)
            value = np.minimum(value, self.rests.over[which]) - self.rests.before[which]
        return (value - self.origin) / self.unit

    def back(self, x: float) -> float:
        """The column's value at a place; of a rest, its end."""
        value = x * self.unit + self.origin
        if self.rests is not None:
            value += float(self.rests.before[_last_at(self.rests.begun - self.rests.before, value)])
        return value

    def parts(self, x: Range, buckets: int) -> Iterator[tuple[float, float, int]]:
        """The values of the column in view, each stretch from where to where, with its share of
        ``buckets``: what happened while the run rested is a stretch of its own."""
        low, high = self.back(x[0]), self.back(x[1])
        if self.rests is None:
            yield low, high, buckets
            return
        whole = (x[1] - x[0]) * self.unit
        for place, (begun, over) in enumerate(zip(self.rests.begun, self.rests.over, strict=True)):
            first, last = (low if place == 0 else max(low, begun)), min(high, over)
            if first <= last:
                share = (last - first) / whole if whole > 0 else 1.0
                yield float(first), float(last), max(2, round(buckets * share))
            if place + 1 < len(self.rests.begun):
                first = max(low, np.nextafter(over, np.inf))
                last = min(high, np.nextafter(self.rests.begun[place + 1], -np.inf))
                if first <= last:
                    yield float(first), float(last), 1


def _last_at(begun: Floats, value: Any) -> Any:
    return np.clip(np.searchsorted(begun, value, side="right") - 1, 0, len(begun) - 1)


def axis_of(view: RunView, name: Axis) -> Scaled:
    """The axis ``name`` of a run; steps where nobody knows how many make an epoch."""
    if name == "time":
        table = timed(view)
        ends = stretches(table) if table is not None else np.empty((0, 4))
        origin = float(ends[0, 1]) if len(ends) else 0.0
        return Scaled("time", origin, rests=_rests(ends) if len(ends) > 1 else None)
    steps = steps_per_epoch(view) if name == "epoch" else None
    return Scaled("epoch", unit=steps) if steps else Scaled("step")


def timed(view: RunView) -> TableView | None:
    """The table that tells when each step was taken; None before there is one."""
    return next((view.table(n) for n in ("steps", "metrics", "evals") if view.table(n).rows), None)


def stretches(table: TableView) -> Floats:
    """First step and time, last step and time of each process, (N, 4)."""
    begins = np.cumsum([0, *(count for _, count in table.parts)]).tolist()
    last = len(begins) - 1
    # of very many the first few count as one
    firsts = [0, *range(max(1, last - _STRETCHES + 1), last)]
    rows = []
    for begin, end in zip(firsts, [*firsts[1:], last], strict=True):
        pair = (
            table.read(begins[begin], begins[begin] + 1),
            table.read(begins[end] - 1, begins[end]),
        )
        if all(len(row) and {"step", "time"} <= set(row.dtype.names or ()) for row in pair):
            rows.append([float(row[c][0]) for row in pair for c in ("step", "time")])
    return np.array(rows).reshape(-1, 4)


def _rests(ends: Floats) -> Rests:
    rising = np.maximum.accumulate(ends[:, [1, 3]].ravel()).reshape(-1, 2)
    before = np.concatenate(([0.0], np.cumsum(rising[1:, 0] - rising[:-1, 1])))
    over = np.append(rising[:-1, 1], np.inf)  # the last one may go on
    return Rests(rising[:, 0], over, before)


def latest(view: RunView) -> tuple[float | None, bool]:
    """The latest time of a step or an evaluation, and whether the clock was set back since: then
    the newest step's is not the latest."""
    table = view.table("steps")
    newest = table.last("time")
    if newest is None:
        return None, False
    places = sorted({round(at * (table.rows - 1) / _LOOKS) for at in range(_LOOKS + 1)})
    seen = [float(table.read(place, place + 1)["time"][0]) for place in places]
    if max(seen) <= newest:
        return max(newest, view.table("evals").last("time") or newest), False
    return float(table.envelope("time", 1).high.max()), True


def steps_per_epoch(view: RunView) -> float | None:
    """Steps of one pass over the training part, where its size is known."""
    told = view.data.get("steps_per_epoch")
    if isinstance(told, int | float) and told > 0:
        return float(told)
    total = view.data.get("train")
    if view.spec is None or not isinstance(total, int) or total <= 0:
        return None
    data = view.spec.spec.data
    steps: float = total / (data.batch_size * getattr(data, "context", 1))
    return steps if hasattr(data, "context") else max(1.0, float(int(steps)))
