"""Units of a layer that are all the same unit."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.layers import names, recent, sampled
from tuiwb.doctor.remedies import remedy
from tuiwb.doctor.window import Window

SAMPLES = 2
"""Samples in a row, the latest among them."""
BEGUN = 10
"""Steps after which weights that begin alike have parted, where they do."""
ALIKE = 0.5
"""Share of different rows that a layer of copies stays under or at: 1/2 in one of two units."""
ONE_WAY = 1.05
"""Stable rank of a matrix whose rows all point one way; rounding is within."""


def rule(window: Window) -> Finding | None:
    """Speaks where all units of a hidden layer stay copies of one: equal rows, and of rank one or
    none. The output layer may begin at zero, its units have targets of their own; so may one of
    several hidden layers, for a while, but not all: they could never part."""
    taken = min(len(window.layer("weight_rank")), SAMPLES)
    share = recent(window, "weight_rows", taken)
    rank = recent(window, "weight_rank", taken)
    if not len(share) or not len(rank):
        return None
    alike = np.all((rank == 0) | ((share <= ALIKE) & (rank < ONE_WAY)), axis=0)
    hidden = [i for i, layer in enumerate(window.facts.layers) if layer.parameters][:-1]
    rows = [i for i in hidden if alike[i] and window.facts.layers[i].trainable]
    if not rows:
        return None
    begin, end = sampled(window, taken)
    weighty = np.isfinite(recent(window, "weight_norm", 1))
    every = all(alike[i] for i in hidden if not len(weighty) or weighty[0][i])
    if not every and (taken < SAMPLES or end <= BEGUN):
        return None
    return Finding(
        symptom="symmetry",
        severity="alarm",
        step=begin,
        until=end,
        evidence={
            "different_rows": float(share[-1][rows].min()),
            "threshold": ALIKE,
            "rank": float(rank[-1][rows].max()),
            "rank_threshold": ONE_WAY,
            "samples": taken,
            "series": ["layers.weight_rows", "layers.weight_rank"],
            "layers": names(window, rows),
        },
        causes=(
            "weights that begin at zero or at one constant: equal units get equal gradients",
            "a penalty on weights that leaves none",
        ),
        remedy=_remedy(window),
        source="symmetry breaking (Goodfellow, Bengio & Courville 2016, section 8.4)",
        words="all units of a layer are one and the same unit",
    )


def _remedy(window: Window) -> Remedy:
    bent = window.facts.spec.get("model.activation")
    init = "xavier" if bent in ("tanh", "sigmoid") else "he"
    change = {} if window.facts.spec.get("init.name") == init else {"init.name": init}
    return remedy(window, "restart", change, "weights that begin at random")


def EXAMPLES() -> dict[str, Window]:
    """Sick: 64 copies of one unit. Near miss: an output layer of zeros. Healthy: all differ."""
    facts = healthy().facts
    one = {"weight_rows": [1 / 128, np.nan, 1, np.nan, 1],
           "weight_rank": [1.0, np.nan, 20, np.nan, 5]}  # fmt: skip
    output = {"weight_rows": [1, np.nan, 1, np.nan, 0.1],
              "weight_rank": [30, np.nan, 20, np.nan, 0]}  # fmt: skip
    return {
        "sick": healthy(layers=one, facts=facts),
        "near-miss": healthy(layers=output, facts=facts),
        "healthy": healthy(),
    }
