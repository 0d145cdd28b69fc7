"""A layer that asks for a gradient and never moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.layers import names, recent, sampled
from tuiwb.doctor.window import Window

SAMPLES = 4
"""Samples in a row in which a layer stays as it is."""
LEAST = 50
"""Steps that those samples must span."""
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
    gradient = recent(window, "grad_norm", SAMPLES)
    moved = recent(window, "update_ratio", SAMPLES)
    if not len(gradient) or not len(moved):
        return None
    begin, end = sampled(window, SAMPLES)
    # a budget may leave all gradients out of a sample: such a sample shows nothing
    told = np.any(gradient > 0, axis=1) & np.any(moved > 0, axis=1)
    if end - begin < LEAST or not np.all(told):
        return None
    asks = np.array([layer.trainable and layer.parameters > 0 for layer in window.facts.layers])
    none = np.all(np.isnan(gradient), axis=0)
    still = np.all((gradient > 0) & (moved == 0), axis=0)
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
            "samples": SAMPLES,
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
