"""The x axis of a run's charts: optimiser steps, seconds since the first of them, or epochs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from tuiwb.run.view import RunView

Axis = Literal["step", "time", "epoch"]
AXES: tuple[Axis, ...] = get_args(Axis)
_LOOKS = 64
"""Places at which a run's clock is looked at: reading all of a long run takes a while."""


@dataclass(frozen=True)
class Scaled:
    """An axis of one run: a table's ``column`` less its ``origin``, in units of ``unit``."""

    name: Axis
    origin: float = 0.0
    unit: float = 1.0

    @property
    def column(self) -> str:
        """The column of a table that it goes by."""
        return "time" if self.name == "time" else "step"

    def at(self, value: Any) -> Any:
        """Where a value of the column stands, or an array of them."""
        return (value - self.origin) / self.unit

    def back(self, x: float) -> float:
        """The column's value at a place."""
        return x * self.unit + self.origin


def axis_of(view: RunView, name: Axis) -> Scaled:
    """The axis ``name`` of a run; steps where nobody knows how many make an epoch."""
    if name == "time":
        rows = view.table("steps").read(0, 1)
        begun = len(rows) and "time" in (rows.dtype.names or ())
        return Scaled("time", float(rows["time"][0]) if begun else 0.0)
    steps = steps_per_epoch(view) if name == "epoch" else None
    return Scaled("epoch", unit=steps) if steps else Scaled("step")


def latest(view: RunView) -> tuple[float | None, bool]:
    """The latest time of a step, and whether the clock was set back since: then the newest step's
    is not the latest."""
    table = view.table("steps")
    newest = table.last("time")
    if newest is None:
        return None, False
    places = sorted({round(at * (table.rows - 1) / _LOOKS) for at in range(_LOOKS + 1)})
    seen = [float(table.read(place, place + 1)["time"][0]) for place in places]
    if max(seen) <= newest:
        return newest, False
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
