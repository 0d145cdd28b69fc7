"""Sigmoids and tanhs in their flat parts, where they let no gradient through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.layers import least, names, recent, sampled
from tuiwb.doctor.remedies import remedy, tidy
from tuiwb.doctor.stuck import LEAST, learned, stuck
from tuiwb.doctor.window import LayerFacts, Window

SAMPLES = 2
"""Samples in a row in which a share must be saturated."""
SHARE = 0.5
"""Share of a layer's values with abs(tanh) > 0.97, or a sigmoid outside [0.03, 0.97]."""
BEGUN = 0.6
"""The same at the first step, and ever since, in a run that learns all the same."""
WELL = 0.8
"""Share of the loss that is gone in a run that does well whatever its layers look like."""


def rule(window: Window) -> Finding | None:
    """Speaks where two samples in a row have shown a layer mostly saturated, in a run that is
    stuck, or that has not come far and in which the layer has been so from the first step on.

    The last activation of a network is not looked at: there, saturated is sure of the answer.
    """
    saturated = least(recent(window, "act_saturated", SAMPLES))
    hidden = np.zeros(len(saturated), dtype=bool)
    owning = [i for i, layer in enumerate(window.facts.layers) if layer.parameters]
    hidden[: owning[-1] if owning else 0] = True
    sick = hidden & (saturated > SHARE)
    begun = window.first_layers.get("act_saturated", np.empty(0))
    lost = stuck(window)
    if not lost:
        come = learned(window)  # NaN where the loss tells nothing, as in a game of two networks
        if len(window) < LEAST or not come <= WELL or begun.shape != sick.shape:
            return None
        sick &= (begun > BEGUN) & (saturated > BEGUN)
    rows = np.flatnonzero(sick)
    if not len(rows):
        return None
    share = float(saturated[rows].max())
    begin, end = sampled(window, SAMPLES)
    return Finding(
        symptom="saturation",
        severity="alarm" if lost else "warning",
        step=begin,
        until=end,
        evidence={
            "share": share,
            "threshold": SHARE if lost else BEGUN,
            "at_first": float(begun[rows].max()) if begun.shape == sick.shape else None,
            "learned": learned(window),
            "series": ["layers.act_saturated", "layers.back_std", "loss"],
            "layers": names(window, rows),
        },
        causes=(
            "inputs on too large a scale",
            "weights that begin too large",
            "a learning rate that is too high",
            "sigmoids or tanhs without normalisation before them",
        ),
        remedy=_remedy(window),
        source="Glorot & Bengio 2010; TheDeepChecker (Ben Braiek & Khomh 2023)",
        words=f"{share:.0%} of the values of a layer lie where its activation is flat",
    )


def _remedy(window: Window) -> Remedy:
    spec = window.facts.spec
    if spec.get("init.name") != "xavier":
        change = {"init.name": "xavier"}
        return remedy(window, "restart", change, "begin with smaller weights, as Xavier has them")
    if spec.get("model.norm") == "none":
        change = {"model.norm": "batch"}
        return remedy(window, "restart", change, "normalise before each activation")
    lower = {"optim.lr": tidy(0.5 * window.facts.number("optim.lr"))}
    return remedy(window, "hot", lower, "half of the learning rate")


def EXAMPLES() -> dict[str, Window]:
    """Sick: tanhs at their ends from the start, in a run that crawls. Near miss: tanhs that get
    there while it learns. Healthy: tanhs in their middle."""
    layers = tuple(
        replace(layer, kind="Tanh") if layer.kind == "ReLU" else layer
        for layer in healthy().facts.layers
    )
    facts = replace(healthy().facts, layers=(*layers, LayerFacts("end", "Sigmoid")))
    shares = np.array([np.nan, 0.9, np.nan, 0.8, np.nan, 0.95])
    end = np.where(np.isnan(shares), np.nan, 0.05)
    crawl = {"loss": np.linspace(2.3, 1.3, 400)}
    return {
        "sick": healthy(
            columns=crawl,
            layers={"act_saturated": shares},
            facts=facts,
            first_layers={"act_saturated": shares},
        ),
        "near-miss": healthy(
            columns=crawl,
            layers={"act_saturated": shares},
            facts=facts,
            first_layers={"act_saturated": end},
        ),
        "healthy": healthy(
            layers={"act_saturated": end}, facts=facts, first_layers={"act_saturated": end}
        ),
    }
