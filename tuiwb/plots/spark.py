"""Sparklines: a curve in a few characters of one line of text."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from tuiwb.plots import resample
from tuiwb.plots.figure import Range
from tuiwb.plots.palette import LOST
from tuiwb.plots.scales import SMALLEST, Floats, Scale

SparkScale: TypeAlias = Literal["linear", "log", "share"]
BLOCKS = "▁▂▃▄▅▆▇█"
LEAST = {"linear": 0.1, "log": 0.6}
"""What a curve must span to fill the height: a share of its size, or decades. Less is flatter,
so that noise around a constant does not look like news."""


def sparks(xs: Floats, values: Floats, x_range: Range, width: int, scale: SparkScale) -> list[str]:
    """Each row of ``values`` (R, C) at ``xs`` (C,) rising in ``width`` characters over ``x_range``.

    Rows have scales of their own; a "share" goes from 0 to 1. Blank where nothing was measured, a
    cross where a value was infinite, the lowest block for what a log scale does not have.
    """
    if not values.shape[0]:
        return []
    cells = resample.columns(xs, values, Scale(*x_range), max(0, width))
    infinite, missing = np.isinf(cells), np.isnan(cells)
    cells = np.where(infinite, np.nan, cells)
    with np.errstate(all="ignore"):
        if scale == "log":
            cells = np.log10(np.where(cells > 0, np.maximum(cells, SMALLEST), np.nan))
        low = np.fmin.reduce(cells, axis=1, keepdims=True, initial=np.inf)
        high = np.fmax.reduce(cells, axis=1, keepdims=True, initial=-np.inf)
        if scale == "share":
            low, high = np.zeros_like(low), np.ones_like(high)
        else:
            size = np.maximum(np.abs(low), np.abs(high)) if scale == "linear" else 1.0
            least = LEAST[scale] * size
            middle = low / 2 + high / 2
            flat = high - low < least
            low = np.where(flat, middle - least / 2, low)
            high = np.where(flat, middle + least / 2, high)
        unit = np.where(high > low, (cells - low) / (high - low), 0.5)
    level = np.nan_to_num(unit * len(BLOCKS), nan=0.0, posinf=0.0, neginf=0.0).astype(np.int64)
    letters = np.array(list(BLOCKS))[np.clip(level, 0, len(BLOCKS) - 1)]
    letters = np.where(infinite, LOST, np.where(missing, " ", letters))
    return ["".join(row) for row in letters.tolist()]
