"""The very first loss is far above that of an answer that knows nothing."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.course import NO_DISTANCE, guess
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.remedies import remedy
from tuiwb.doctor.window import Window

CLASSES = 4.0
"""Times the loss of a uniform guess. Sound inits begin at 1.0 to 2.2 times ln C."""
NUMBERS = 1000.0
"""Times the loss of the training mean, for targets that are numbers: their zero is arbitrary, and
the preset that paints a picture begins at 25 times."""


def rule(window: Window) -> Finding | None:
    """Speaks where the first loss is four times ln C, or a thousand times that of a mean."""
    uniform = guess(window)
    first = window.first_loss
    if window.facts.task in NO_DISTANCE or not uniform > 0 or np.isnan(first):
        return None
    among = bool(window.facts.classes or window.facts.vocabulary)
    threshold = (CLASSES if among else NUMBERS) * uniform
    if first <= threshold:
        return None
    std = window.first_layers.get("act_std", np.empty(0))
    std = std[np.isfinite(std) & (std > 0)]
    spec = window.facts.spec
    fit = "he" if spec.get("model.activation") in ("relu", "leaky_relu") else "xavier"
    return Finding(
        symptom="bad-initial-loss",
        severity="warning",
        step=1,
        until=1,
        evidence={
            "first_loss": float(first) if np.isfinite(first) else None,
            "threshold": threshold,
            "guess": uniform,
            "act_std_widest": float(std.max()) if len(std) else None,
            "act_std_narrowest": float(std.min()) if len(std) else None,
            "series": ["loss", "layers.act_std"],
        },
        causes=(
            "inputs or targets that are not scaled",
            "weights that begin too large: the network is sure before it has seen anything",
        ),
        remedy=remedy(
            window,
            "restart",
            {} if spec.get("init.name") == fit else {"init.name": fit},
            f"begin with {fit.capitalize()} initialisation, and a last layer near zero",
        ),
        source="Karpathy 2019, A Recipe for Training Neural Networks: verify loss at init; "
        "SageMaker Debugger, PoorWeightInitialization",
        words=f"the first loss is {first:.3g}; an answer that knows nothing costs {uniform:.3g}",
    )


def EXAMPLES() -> dict[str, Window]:
    """Sick: 11 where ln 10 is 2.3. Near miss: 5.0, as a deep sound net may. Healthy: ln 10."""
    return {
        "sick": healthy(first_loss=11.0),
        "near-miss": healthy(first_loss=5.0),
        "healthy": healthy(),
    }
