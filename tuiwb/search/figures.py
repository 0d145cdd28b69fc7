"""A sweep as arrays for the painters of its pictures, and as a curve. It draws nothing itself."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tuiwb.base.errors import UserError
from tuiwb.client.trials import best_so_far
from tuiwb.search import space
from tuiwb.search.conduct import preset_of
from tuiwb.search.ledger import RUNNING, SweepView

Floats = npt.NDArray[np.float64]

WORDS = {
    "best": "best so far, trial by trial",
    "parallel": "every trial through all knobs",
    "slice": "the metric over each knob",
    "contour": "the metric over two knobs",
    "importance": "importance: share of the metric's variance",
}
"""Plot -> its title."""


def axes_of(view: SweepView) -> tuple[space.Axis, ...]:
    """The knobs that vary; none where the sweep's files have been damaged."""
    with contextlib.suppress(UserError):
        asked = preset_of(view.paths, view.sweep)
        return space.parse(asked.space, asked.preset, asked.set, str(view.paths.sweep)).axes
    return ()


def arrays(
    view: SweepView, axes: tuple[space.Axis, ...], shares: Mapping[str, float]
) -> dict[str, Any]:
    """What `parallel`, `slices` and `contour` draw: decided trials, the knobs that matter most
    first."""
    ordered = sorted(axes, key=lambda axis: -shares.get(axis.key, 0.0))
    rows = [r for r in view.trials if r.state != RUNNING and r.last is not None]
    falling = view.sweep.falling
    points = np.array([[_place(axis, r.values.get(axis.key)) for axis in ordered] for r in rows])
    return {
        "points": points.reshape(len(rows), len(ordered)),
        "values": np.array([r.last for r in rows], float),
        "names": np.array([*(axis.key for axis in ordered), view.sweep.metric]),
        "logs": np.array([axis.log or _wide(axis) for axis in ordered], int),
        "choices": np.array(
            ["|".join(axis.choices) if _named(axis) else "" for axis in ordered], dtype=np.str_
        ),
        "falling": np.asarray(int(falling)),
    }


def curve(view: SweepView) -> tuple[Floats, Floats, Floats]:
    """Numbers, values (NaN where it came to none) and best so far of the trials that are decided,
    in their order."""
    over = [record for record in view.trials if record.state != RUNNING]
    numbers = np.array([record.number for record in over], float)
    done = [record.value if record.state == "complete" else None for record in over]
    values = np.array([np.nan if value is None else value for value in done])
    return numbers, values, best_so_far(values, view.sweep.falling)


def _named(axis: space.Axis) -> bool:
    """Whether its values are names, and not numbers."""
    return bool(axis.choices) and any(not _is_number(text) for text in axis.choices)


def _wide(axis: space.Axis) -> bool:
    """Whether choices that are numbers lie so far apart that they want a logarithmic axis."""
    if not axis.choices or _named(axis):
        return False
    values = [float(text) for text in axis.choices]
    return min(values) > 0 and max(values) / min(values) >= 8


def _place(axis: space.Axis, value: object) -> float:
    if _named(axis):
        return float(axis.choices.index(str(value))) if str(value) in axis.choices else np.nan
    return float(value) if _is_number(value) else np.nan  # type: ignore[arg-type]


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True
