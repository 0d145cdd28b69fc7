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
_FLAT = 0.5 + 0.5 / len(BLOCKS)


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
            # half a block down, so that noise around the middle stays within one
            low = np.where(flat, middle - least * _FLAT, low)
            high = np.where(flat, middle + least * (1 - _FLAT), high)
        unit = np.where(high > low, (cells - low) / (high - low), 0.5)
    level = np.clip(np.nan_to_num(unit, nan=0.0), 0.0, 1.0) * len(BLOCKS)
    letters = np.array(list(BLOCKS))[np.minimum(level.astype(np.int64), len(BLOCKS) - 1)]
    letters = np.where(infinite, LOST, np.where(missing, " ", letters))
    return ["".join(row) for row in letters.tolist()]
