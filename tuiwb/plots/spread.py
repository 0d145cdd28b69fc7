"""Several series of one quantity as one: their mean and their spread, and how far one is off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tuiwb.plots.scales import Floats, floats


class Spread(NamedTuple):
    """``mean`` (N,) with one standard deviation (of a sample) to each side, at ``x`` (N,)."""

    x: Floats
    mean: Floats
    low: Floats
    high: Floats


def spread(series: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]], x: npt.ArrayLike) -> Spread:
    """Mean and standard deviation of the series (x, y) at ``x``, of those that reach there.

    NaN where fewer than two do: one alone has no spread. Between samples a series is a straight
    line; samples that are not finite are left out.
    """
    places = floats(x)
    values = np.array([at(places, *one) for one in series]).reshape(len(series), places.size)
    count = np.isfinite(values).sum(axis=0)
    known = count >= 2
    total = np.where(np.isfinite(values), values, 0.0).sum(axis=0)
    mean = np.full(places.size, np.nan)
    np.divide(total, count, out=mean, where=known)
    off = np.where(np.isfinite(values), values - mean, 0.0)
    variance = np.full(places.size, np.nan)
    with np.errstate(over="ignore", invalid="ignore"):
        np.divide((off**2).sum(axis=0), count - 1, out=variance, where=known)
        deviation = np.sqrt(variance)
        return Spread(places, mean, mean - deviation, mean + deviation)


def at(places: Floats, x: npt.ArrayLike, y: npt.ArrayLike) -> Floats:
    """A series at ``places``: straight lines between its finite samples, NaN beyond its ends."""
    xs, ys = floats(x), floats(y)
    good = np.isfinite(xs) & np.isfinite(ys)
    if not good.any():
        return np.full(places.size, np.nan)
    return np.interp(places, xs[good], ys[good], left=np.nan, right=np.nan)
