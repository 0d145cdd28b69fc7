"""Where the learning rate stands: warming up, at its height, or lowered on purpose."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.window import Window

LOWERED = 0.5
"""Share of the peak below which the learning rate counts as lowered on purpose."""


def peak(window: Window) -> float:
    """The learning rate at its height: the spec's, or the highest that was seen."""
    told = window.facts.number("optim.lr", float("nan"))
    seen = window.lr[np.isfinite(window.lr)]
    return told if np.isfinite(told) else float(seen.max()) if len(seen) else float("nan")


def at_height(window: Window, since: float = -np.inf) -> bool:
    """Whether the learning rate has been at its height in all rows from step ``since`` on: past
    the warm-up, not on its way up, not lowered. A run that tells no rate is taken at its word."""
    rows = window.lr[window.step >= since]
    rows = rows[np.isfinite(rows)]
    if not len(rows):
        return not np.isfinite(window.lr).any()
    if window.step[window.step >= since][0] <= window.facts.number("schedule.warmup"):
        return False
    rising = rows[-1] > 1.02 * rows[0]
    return bool(not rising and rows.min() >= LOWERED * peak(window))
