"""Several runs' values of one column in one figure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np

from tuiwb.plots.figure import NOTHING_YET, Figure, Line, Range, Values

SPREAD = 300.0
"""Greatest over least positive value from which an overlay has a logarithmic scale."""
BY_LAYER = "layers."


class Drawn(Protocol):
    """One run's share; ``low`` and ``high`` are None where there is no band."""

    @property
    def label(self) -> str: ...
    @property
    def x(self) -> Values: ...
    @property
    def y(self) -> Values: ...
    @property
    def low(self) -> Values | None: ...
    @property
    def high(self) -> Values | None: ...
    @property
    def nonfinite(self) -> Values: ...


def overlay(
    column: str, series: Iterable[Drawn], x_range: Range | None = None, empty: str = NOTHING_YET
) -> Figure:
    """One line a run, over steps, or with a ``layers.COLUMN`` over the layers of the first sampled
    step. Values of very different size stand on a logarithmic scale. ``x_range`` is of steps."""
    lines = tuple(
        Line(one.label, one.x, one.y, one.low, one.high, colour, one.nonfinite)
        for colour, one in enumerate(series)
    )
    shown = np.concatenate([np.asarray(line.y, dtype=float) for line in lines] or [np.empty(0)])
    shown = shown[np.isfinite(shown) & (shown > 0)]
    log = len(shown) > 1 and shown.max() / shown.min() > SPREAD
    by_layer = column.startswith(BY_LAYER)
    return Figure(
        f"{column.removeprefix(BY_LAYER)} layer by layer, step 1" if by_layer else column,
        lines,
        x_label="layer" if by_layer else "step",
        x_range=None if by_layer else x_range,
        y_scale="log" if log else "linear",
        empty=empty,
    )
