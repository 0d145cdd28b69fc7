"""Whether a run does not learn: what rules on layers ask before they speak.

Units may die, gradients shrink and tanhs saturate in a run that does its work.
"""

from __future__ import annotations

import math

import numpy as np

from tuiwb.doctor import course
from tuiwb.doctor.outcome import guess, level
from tuiwb.doctor.window import Array, Window

LEAST = 100
"""Steps before anything is said about how a run learns."""
LITTLE = 0.3
"""Share of the loss of guessing; a run that has got rid of less has not learned."""
GAIN = 0.01
"""Share of the loss of guessing by which a quarter of the window must beat the one before it."""


def stuck(window: Window) -> bool:
    """Whether the run has had its time, has learned next to nothing and no longer gains."""
    rows = course.losses(window)
    return len(rows) >= LEAST and learned(window) < LITTLE and not improving(rows.loss, window)


def learned(window: Window) -> float:
    """Share of the loss that is gone, of the first step's or of guessing's, which is less.

    0 is nothing, 1 is all; NaN where the loss is no distance, or nothing is known.
    """
    rows = course.losses(window)
    staged = not np.isnan(window.column("stage")).all()
    first = math.nan if staged else window.first_loss
    begun = float(np.nanmin([first, guess(window.facts), math.inf]))
    now = level(_quarter(rows.loss, 1))
    if not (math.isfinite(begun) and begun > 0 and now >= 0):
        return math.nan
    return 1 - now / begun


def improving(loss: Array, window: Window) -> bool:
    """Whether the last quarter of the window beats the one before it by more than noise."""
    recent, before = _quarter(loss, 1), _quarter(loss, 2)
    now, then = level(recent), level(before)
    if not (math.isfinite(now) and math.isfinite(then)):
        return False
    known = guess(window.facts)
    scale = abs(then) if math.isnan(known) else min(abs(then), known)
    spread = 1.4826 * level(np.abs(before - then))
    return then - now > max(GAIN * scale, 2 * spread / math.sqrt(len(recent)))


def _quarter(values: Array, number: int) -> Array:
    """A quarter of the values, counted from the end; at least 25."""
    size = max(len(values) // 4, 25)
    stop = max(len(values) - (number - 1) * size, 0)
    return values[max(stop - size, 0) : stop]
