"""What losses are made of: their level, and what guessing would cost."""

from __future__ import annotations

import math

import numpy as np

from tuiwb.doctor.window import Array, Facts


def level(values: Array) -> float:
    """The median of what is finite; NaN where nothing is."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else math.nan


def guess(facts: Facts) -> float:
    """Loss of answering all classes, or all tokens, alike; NaN where the loss is another kind."""
    name = facts.spec.get("loss.name")
    if name in ("cross-entropy", "weighted-cross-entropy") and (facts.classes or facts.vocabulary):
        return math.log(facts.classes or facts.vocabulary)
    return math.log(2) if name == "bce" else math.nan
