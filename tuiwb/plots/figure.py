"""What a figure shows, in data units; how it looks is a painter's business.

Arrays may be anything NumPy turns into floats. Painters copy nothing and change nothing; they
accept unsorted x, unequal lengths (the shorter counts), NaN and infinities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Values: TypeAlias = npt.ArrayLike
Range: TypeAlias = tuple[float, float]
XScale: TypeAlias = Literal["linear", "log", "time"]
YScale: TypeAlias = Literal["linear", "log"]
ColourScale: TypeAlias = Literal["linear", "log10"]
Palette: TypeAlias = Literal["viridis", "cividis"]

NOTHING_YET = "no data yet"


@dataclass(frozen=True, eq=False)
class Line:
    """One series: ``x``, ``y`` of shape (N,), drawn bright.

    ``low``, ``high`` (N,) span the band behind it, drawn dim: the extremes of the samples that a
    bucket stands for. ``colour`` indexes the Okabe-Ito cycle. ``nonfinite`` is how many samples
    were NaN or infinite: a total, with the places taken from ``y``; or (N,) counts a bucket, with
    the places taken from the counts, so that a NaN in ``y`` then only means "nothing here".
    ``tag`` stands at the line's right end in place of its name. ``dash`` 1, 2, ... breaks the line
    up in as many ways: what tells lines apart that share a colour, or where there is none.
    """

    name: str
    x: Values
    y: Values
    low: Values | None = None
    high: Values | None = None
    colour: int = 0
    nonfinite: Values = 0
    tag: str = ""
    dash: int = 0


@dataclass(frozen=True)
class Mark:
    """Something that happened at ``x``: kind is a key of `palette.MARKS`, or any other word.

    ``label`` is written beside the guide where the plot has room for it.
    """

    x: float
    kind: str = "note"
    label: str = ""


@dataclass(frozen=True, eq=False)
class Figure:
    """A line chart. Ranges of None are fitted to the data (see `domain.fit` for a live chart).

    ``x_scale`` "time" takes seconds and writes ticks as 30s, 2m, 1h30; "log" drops what
    is at or below zero. ``cursor`` is the x that is read out. ``empty`` is said in the middle of
    the pane while there is nothing to draw. ``legend`` is false where names and values stand in a
    table beside the chart.
    """

    title: str
    lines: tuple[Line, ...] = ()
    marks: tuple[Mark, ...] = ()
    x_label: str = "step"
    y_label: str = ""
    x_range: Range | None = None
    y_range: Range | None = None
    x_scale: XScale = "linear"
    y_scale: YScale = "linear"
    cursor: float | None = None
    empty: str = NOTHING_YET
    legend: bool = True


@dataclass(frozen=True, eq=False)
class HeatMap:
    """Rows by x: ``rows`` (R,) names from top to bottom, ``x`` (C,), ``values`` (R, C).

    NaN is "nothing measured" and stays blank; infinities are marked; on a log10 scale values <= 0
    take the lowest colour and a dot. ``v_range`` are the values at the two ends of the colour bar.
    """

    title: str
    rows: tuple[str, ...] = ()
    x: Values = ()
    values: Values = ()
    scale: ColourScale = "log10"
    x_label: str = "step"
    x_range: Range | None = None
    v_range: Range | None = None
    x_scale: XScale = "linear"
    palette: Palette = "viridis"
    cursor: float | None = None
    empty: str = NOTHING_YET
    marks: tuple[Mark, ...] = ()
    """On the axis alone: nothing is drawn over the map."""


@dataclass(frozen=True, eq=False)
class Picture:
    """An image: ``pixels`` uint8 of shape (H, W, 3), or (H, W) for grey."""

    title: str
    pixels: npt.NDArray[np.uint8]
    empty: str = NOTHING_YET
