"""How far updates move the weights, against how large these are.

About one part in a thousand is healthy, whatever the optimiser (Karpathy, A Recipe for Training
Neural Networks); TheDeepChecker takes from 1e-4 to 1e-1 as the band.
"""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.window import Array, Window, once

LEAST, MOST = 3e-4, 0.1
"""Median update ratio over layers below and above which a pace is out of the ordinary."""


@once
def ratios(window: Window) -> Array:
    """Update ratios (samples, layers) of the layers that hold weights."""
    taken = window.layer("update_ratio")
    layers = window.facts.layers
    if taken.ndim != 2 or taken.shape[1] != len(layers):
        return np.empty((0, 0))
    return taken[:, [i for i, layer in enumerate(layers) if layer.parameters and layer.trainable]]


@once
def typical(window: Window) -> Array:
    """The median over layers of each sample that was taken, oldest first."""
    rows = ratios(window)
    rows = rows[np.isfinite(rows).any(axis=1)] if rows.size else rows[:0]
    return np.nanmedian(rows, axis=1) if len(rows) else np.empty(0)


def highest(window: Window) -> tuple[Array, Array]:
    """The highest over layers of each sample that was taken, oldest first, and its step."""
    rows, step = ratios(window), window.layer("step")
    if not rows.size or len(rows) != len(step):
        return np.empty(0), np.empty(0)
    taken = np.isfinite(rows).any(axis=1)
    if not taken.any():
        return np.empty(0), np.empty(0)
    return np.nanmax(rows[taken], axis=1), step[taken]
