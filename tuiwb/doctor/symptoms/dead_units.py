"""Rectified units that answer to no sample: no gradient can bring them back."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.layers import least, names, recent, sampled
from tuiwb.doctor.stuck import learned, stuck
from tuiwb.doctor.window import Facts, Window

SAMPLES = 3
"""Samples in a row in which a share must be dead."""
MANY, MOST = 0.3, 0.5
"""Shares of a layer's units that are a warning and an alarm (SageMaker Debugger: 0.5)."""


def rule(window: Window) -> Finding | None:
    """Speaks where a run is stuck and three samples in a row have shown a layer mostly dead.

    A run that learns may well leave units unused: that is sparsity, and no symptom.
    """
    if not stuck(window):
        return None
    dead = least(recent(window, "act_dead", SAMPLES))
    share = float(np.nanmax(dead, initial=0.0))
    if share <= MANY:
        return None
    begin, end = sampled(window, SAMPLES)
    return Finding(
        symptom="dead-units",
        severity="alarm" if share > MOST else "warning",
        step=begin,
        until=end,
        evidence={
            "share": share,
            "threshold": MANY,
            "alarm_threshold": MOST,
            "samples": SAMPLES,
            "learned": learned(window),
            "series": ["layers.act_dead", "layers.act_zero", "loss"],
            "layers": names(window, np.flatnonzero(dead > MANY)),
        },
        causes=(
            "inputs that are far from zero",
            "biases that begin far below zero",
            "a learning rate that is too high: one step too far and the units are off",
            "rectifiers without a slope below zero",
        ),
        remedy=_remedy(window.facts, float(window.lr[-1])),
        source="SageMaker Debugger, DeadRelu; in three samples, and the loss does not fall",
        words=f"{share:.0%} of the units of a layer answer to no sample",
    )


def _remedy(facts: Facts, lr: float) -> Remedy:
    change: dict[str, object] = {"optim.lr": 0.1 * facts.number("optim.lr", lr)}
    if facts.spec.get("model.activation") == "relu":
        change["model.activation"] = "leaky_relu"
        return Remedy("restart", change, "a tenth of the learning rate, and a slope below zero")
    return Remedy("restart", change, "a tenth of the learning rate: dead units stay dead")


def EXAMPLES() -> dict[str, Window]:
    """Sick: 97 % dead and a loss that stays. Near miss: 40 % dead in a run that learns.
    Healthy: a loss that stays, with units that live."""
    noise = 0.02 * np.random.default_rng(0).standard_normal(400)
    flat = {"loss": 2.3 + noise}
    return {
        "sick": healthy(
            columns=flat, best_loss=2.25, layers={"act_dead": [np.nan, 0.2, np.nan, 0.97, np.nan]}
        ),
        "near-miss": healthy(layers={"act_dead": [np.nan, 0.2, np.nan, 0.4, np.nan]}),
        "healthy": healthy(columns=flat, best_loss=2.25),
    }
