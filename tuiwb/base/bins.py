"""The bins of every histogram: fixed, so that any two may be added and none waits for a minimum.

A bin holds one sign and one power of two. From the largest negative values on, then zero and all
that is smaller than the smallest power, then the positive ones.
"""

from __future__ import annotations

LOWEST, HIGHEST = -30, 10
"""Bin ``k`` of a sign holds 2 ** (LOWEST + k - 1) <= abs(x) < 2 ** (LOWEST + k)."""
POWERS = HIGHEST - LOWEST + 1
BINS = 2 * POWERS + 1


def edges() -> tuple[float, ...]:
    """The ``BINS + 1`` limits of the bins, rising; the outermost bins take all that is beyond."""
    positive = [2.0 ** (LOWEST - 1 + k) for k in range(POWERS + 1)]
    return (*(-edge for edge in reversed(positive)), *positive)
