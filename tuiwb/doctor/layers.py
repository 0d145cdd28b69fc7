"""Recent figures of each layer, for rules that compare layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuiwb.doctor.window import Array, Window

FADED = 1e-3
"""Share of the first layer's signal below which next to nothing of it arrives."""


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


def before(window: Window) -> list[int]:
    """For each layer the nearest one up to it that owns parameters; -1 where there is none."""
    rows, last = [], -1
    for row, layer in enumerate(window.facts.layers):
        last = row if layer.parameters else last
        rows.append(last)
    return rows


def reached(window: Window) -> Array:
    """Which layers a signal still reaches, as the latest sample has it: the weights up to them are
    not zero, and what these put out has nowhere faded to a thousandth of the first layer's.

    Biases spread again behind a signal that is gone: the least on the way counts, not the last."""
    rows = np.array(before(window), dtype=int)
    std = medians(recent(window, "act_std", 1))
    owning = [i for i in dict.fromkeys(rows.tolist()) if i >= 0]
    std[owning] = np.fmin.accumulate(std[owning])
    size = medians(recent(window, "weight_norm", 1))
    known = [std[i] for i in owning if std[i] > 0]
    lost = (std[rows] < FADED * known[0]) if len(known) else np.zeros(len(rows), dtype=bool)
    zero = np.isin(rows, np.flatnonzero(size == 0))
    reached: Array = ~(rows < 0) & ~lost & ~zero
    return reached


def names(window: Window, rows: Sequence[int] | Array, limit: int = 20) -> list[str]:
    """Names of layers, at most ``limit``."""
    return [window.facts.layers[int(row)].name for row in rows[:limit]]


def sampled(window: Window, samples: int) -> tuple[int, int]:
    """The steps of the first and the last of the last ``samples`` rows."""
    steps = window.layer("step")[-samples:]
    return int(steps[0]), int(steps[-1])
