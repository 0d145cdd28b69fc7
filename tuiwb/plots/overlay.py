"""Several runs' values of one column in one figure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np

from tuiwb.plots.figure import NOTHING_YET, Figure, Line, Range, Values

SPREAD = 300.0
"""Greatest over least positive value from which an overlay has a logarithmic scale."""


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
    """One line a run, over steps, with a ``layers.COLUMN`` over the layers of the first sampled
    step (with ``@LAYER`` behind it over steps), or with a ``highest.METRIC`` one line a sampler
    over its trials. Values of very different size stand on a logarithmic scale. ``x_range`` is of
    steps."""
    lines = tuple(
        Line(one.label, one.x, one.y, one.low, one.high, colour, one.nonfinite)
        for colour, one in enumerate(series)
    )
    shown = np.concatenate([np.asarray(line.y, dtype=float) for line in lines] or [np.empty(0)])
    shown = shown[np.isfinite(shown)]
    above = shown[shown > 0]
    # what lies on both sides of zero (a median) would lose one of them
    log = len(above) > 1 and shown.min() >= 0 and bool(above.max() / above.min() > SPREAD)
    title, x_label = _words(column)
    return Figure(
        title,
        lines,
        x_label=x_label,
        x_range=x_range if x_label == "step" else None,
        y_scale="log" if log else "linear",
        empty=empty,
    )


def _words(column: str) -> tuple[str, str]:
    """What a plot is called, and its x axis."""
    kind, _, name = column.partition(".")
    match kind:
        case "layers" if "@" in name:
            column, _, layer = name.partition("@")
            return f"{column} of {layer} layer", "step"
        case "layers":
            return f"{name} layer by layer, step 1", "layer"
        case "highest" | "lowest":
            return f"{kind} {name} so far, trial by trial", "trial"
    return column, "step"
