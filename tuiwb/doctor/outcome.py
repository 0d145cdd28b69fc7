"""What a run has come to: how much of the loss is gone, and whether it still falls.

Most symptoms are none while a run learns; a rule asks here before it speaks.
"""

from __future__ import annotations

import math

import numpy as np

from tuiwb.doctor.window import Array, Facts, Window

LEAST = 100
"""Steps before anything is said about how a run learns."""
LITTLE = 0.3
"""Share of the loss of guessing; a run that has got rid of less has not learned."""
GAIN = 0.01
"""Share of the loss of guessing by which a quarter of the window must beat the one before it."""


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


def learned(window: Window) -> float:
    """Share of the loss that is gone, of the first step's or of guessing's, which is less.

    0 is nothing, 1 is all; NaN where the loss can fall below zero, or nothing is known.
    """
    begun = np.nanmin([window.first_loss, guess(window.facts), math.inf])
    now = level(_quarter(window.loss, 1))
    if not (math.isfinite(begun) and begun > 0 and now >= 0):
        return math.nan
    return 1 - now / float(begun)


def improving(window: Window) -> bool:
    """Whether the last quarter of the window beats the one before it by more than noise."""
    recent, before = _quarter(window.loss, 1), _quarter(window.loss, 2)
    now, then = level(recent), level(before)
    if not (math.isfinite(now) and math.isfinite(then)):
        return False
    known = guess(window.facts)
    scale = abs(then) if math.isnan(known) else min(abs(then), known)
    spread = level(np.abs(before - then)) * 1.4826
    return then - now > max(GAIN * scale, 2 * spread / math.sqrt(len(recent)))


def stuck(window: Window) -> bool:
    """Whether the run has had its time, has learned next to nothing and no longer gains."""
    if len(window) < LEAST:
        return False
    return learned(window) < LITTLE and not improving(window)


def _quarter(values: Array, number: int) -> Array:
    """A quarter of the values, counted from the end; at least 25."""
    size = max(len(values) // 4, 25)
    stop = max(len(values) - (number - 1) * size, 0)
    return values[max(stop - size, 0) : stop]
