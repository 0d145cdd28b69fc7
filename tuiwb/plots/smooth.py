"""The exponential average that charts draw bright, by half-life along x and without start-up bias.

    s_i = d_i s_{i-1} + v_i,   w_i = d_i w_{i-1} + 1,   d_i = 2 ** (-(x_i - x_{i-1}) / half_life)

and s_i / w_i is drawn. Dividing by w is the bias correction of Adam (Kingma and Ba 2014, section
3) for samples that need not be evenly spaced: the first value is the first sample, a constant
stays the constant.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tuiwb.plots.scales import Floats, floats

# Weights within a block reach 2**_BLOCK; small enough that a block's sum never overflows.
_BLOCK = 128.0


def smooth(x: npt.ArrayLike, y: npt.ArrayLike, half_life: float) -> Floats:
    """The average of ``y`` (N,) at each ``x`` (N,), where a sample's weight halves every
    ``half_life`` units of x. ``x`` must not fall.

    NaN where ``y`` is not finite; such samples weigh nothing. A ``half_life`` that is not above
    zero smooths nothing.
    """
    xs, ys = floats(x), floats(y)
    size = min(xs.size, ys.size)
    xs, ys = xs[:size], ys[:size]
    good = np.isfinite(xs) & np.isfinite(ys)
    out = np.full(size, np.nan)
    if not good.any():
        return out
    xs, values = xs[good], ys[good]
    if not half_life > 0 or math.isinf(half_life) or values.size == 1:
        if math.isinf(half_life) and half_life > 0 and values.size > 1:
            count = np.arange(1, values.size + 1)
            out[good] = np.cumsum(values / values.size) * (values.size / count)
        else:
            out[good] = values
        return out
    shift = int(np.frexp(np.abs(values).max())[1])
    values = np.ldexp(values, -shift)
    with np.errstate(over="ignore"):
        age = np.minimum(np.maximum.accumulate((xs - xs[0]) / half_life), 1e15)
    block = np.floor(age / _BLOCK)
    starts = np.flatnonzero(np.diff(block, prepend=-1.0))
    averages = np.empty_like(values)
    total = weight = at = 0.0
    for start, stop in zip(starts, [*starts[1:], values.size], strict=True):
        here = age[start:stop]
        # What came before, aged to this block's origin, then the block's own running sums.
        fade = 2.0 ** -min(here[0] - at, 1_000.0)
        total, weight, at = total * fade, weight * fade, float(here[0])
        grow = np.exp2(here - at)
        totals = total + np.cumsum(values[start:stop] * grow)
        weights = weight + np.cumsum(grow)
        averages[start:stop] = totals / weights
        total, weight, at = (
            float(totals[-1] / grow[-1]),
            float(weights[-1] / grow[-1]),
            float(here[-1]),
        )
    out[good] = np.ldexp(averages, shift)
    return out
