"""A layer that asks for a gradient and never moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.layers import medians, names, recent, sampled
from tuiwb.doctor.window import Array, Window

SAMPLES = 3
"""Samples, at least, in all of which a layer stays as it is."""
LEAST = 50
"""Steps that those samples must span."""
SLIGHT = 1e-3
"""Share of the others' gradient below which an update may be lost in rounding."""
STAGED = frozenset({"layerwise"})
"""Tasks that let layers rest on purpose."""


def rule(window: Window) -> Finding | None:
    """Speaks where a layer with trainable parameters has no gradient at all, or has one and does
    not move, while others do.

    A gradient of exactly zero counts only where one before it is not: what vanishes, and what ends
    at dead units, is zero all the way to the input, and another symptom.
    """
    if window.facts.task in STAGED:
        return None
    taken = len(window.layer("grad_norm"))
    gradient = recent(window, "grad_norm", taken)
    moved = recent(window, "update_ratio", taken)
    if not len(gradient) or not len(moved):
        return None
    # a sample in which nothing moves shows nothing: a rate of zero, figures that were not taken
    told = np.any(gradient > 0, axis=1) & np.any(moved > 0, axis=1)
    gradient, moved = gradient[told], moved[told]
    begin, end = sampled(window, taken)
    if len(gradient) < SAMPLES or end - begin < LEAST:
        return None
    asks = np.array([layer.trainable and layer.parameters > 0 for layer in window.facts.layers])
    none = np.all(np.isnan(gradient), axis=0)
    still = np.all((gradient > 0) & (moved == 0), axis=0) & ~_slight(medians(gradient), moved)
    zero = np.all((gradient == 0) & (moved == 0), axis=0)
    alive_before = np.cumsum(np.all(gradient > 0, axis=0)) > 0
    cut = zero & alive_before & (window.facts.task != "adversarial")
    rows = np.flatnonzero(asks & (none | still | cut))
    if not len(rows):
        return None
    first = rows[0]
    what = "a gradient and no update" if still[first] else "a gradient of zero"
    return Finding(
        symptom="frozen-parameter",
        severity="warning",
        step=begin,
        until=end,
        evidence={
            "without_gradient": int(none[rows].sum()),
            "without_update": int(still[rows].sum()),
            "with_gradient_zero": int(cut[rows].sum()),
            "update_ratio": 0.0,
            "threshold": 0.0,
            "samples": len(gradient),
            "series": ["layers.grad_norm", "layers.update_ratio"],
            "layers": names(window, rows),
        },
        causes=(
            "a layer that the forward pass leaves out, or whose output is detached",
            "parameters that the optimizer was not given",
            "a layer that was replaced after the optimizer was made",
        ),
        remedy=Remedy(
            "restart",
            {},
            "hand all parameters to the optimizer, and look where the layer's output goes; a layer "
            "that is meant to rest says so with requires_grad = False",
        ),
        source="gradient and update of each layer",
        words=f"{names(window, rows, 1)[0]} has {'no gradient' if none[first] else what}",
    )


def _slight(gradient: Array, moved: Array) -> Array:
    """Layers whose gradient is so small beside those of layers that move that their update may be
    lost in rounding."""
    moving = gradient[np.any(moved > 0, axis=0) & (gradient > 0)]
    slight: Array = gradient < SLIGHT * (float(np.median(moving)) if len(moving) else 0.0)
    return slight


def EXAMPLES() -> dict[str, Window]:
    """Sick: a layer with a gradient that the optimizer was not given. Near miss: a layer frozen on
    purpose. Healthy: all layers move."""
    still = {"update_ratio": [1e-3, np.nan, 0.0, np.nan, 1e-3]}
    facts = healthy().facts
    frozen = tuple(replace(layer, trainable=layer.name != "net.2") for layer in facts.layers)
    return {
        "sick": healthy(layers=still),
        "near-miss": healthy(
            layers=still | {"grad_norm": [0.3, np.nan, np.nan, np.nan, 0.3]},
            facts=replace(facts, layers=frozen),
        ),
        "healthy": healthy(),
    }
