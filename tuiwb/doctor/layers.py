"""Recent figures of each layer, for rules that compare layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuiwb.doctor.window import Array, Window


def recent(window: Window, column: str, samples: int) -> Array:
    """The last ``samples`` rows of a per-layer column, shape (samples, layers).

    (0, layers) where fewer were taken, or the table is of other layers than the model.
    """
    layers = len(window.facts.layers)
    values = window.layer(column)
    if values.ndim != 2 or values.shape[1] != layers or len(values) < samples:
        return np.empty((0, layers))
    return values[-samples:]


def medians(values: Array) -> Array:
    """Median of each column, of what is not NaN; NaN where all is."""
    if not len(values):
        return np.full(values.shape[1], np.nan)
    ordered = np.sort(values, axis=0)  # NaN comes last
    count = (~np.isnan(values)).sum(axis=0)
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(values) - 1)
    pair = np.take_along_axis(ordered, np.stack([low, high]), axis=0)
    # halved first: the sum of two large numbers may be none
    return np.where(count > 0, pair[0] / 2 + pair[1] / 2, np.nan)


def least(values: Array) -> Array:
    """Least of each column; NaN where a value is, or there is none."""
    return values.min(axis=0) if len(values) else np.full(values.shape[1], np.nan)


def names(window: Window, rows: Sequence[int] | Array, limit: int = 20) -> list[str]:
    """Names of layers, at most ``limit``."""
    return [window.facts.layers[int(row)].name for row in rows[:limit]]


def sampled(window: Window, samples: int) -> tuple[int, int]:
    """The steps of the first and the last of the last ``samples`` rows."""
    steps = window.layer("step")[-samples:]
    return int(steps[0]), int(steps[-1])
