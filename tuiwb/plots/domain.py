"""Axis limits that hold still while a run grows.

Every change of a limit redraws a whole chart, so x grows in round steps and y keeps its limits
until the data leave them or shrink well inside them (hysteresis).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tuiwb.plots.figure import Figure, HeatMap, Line, Range
from tuiwb.plots.scales import LARGEST, SMALLEST, Floats, floats
from tuiwb.plots.ticks import multiple, nice_step

_ROUND = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
# New data may fill as little as this share of the old limits before those are given up.
_KEEP_FROM = 0.4
# ... but must fill this much of limits that are widened, or those would soon be given up again.
_WIDEN_FROM = 0.6
# A colour scale of more decades than this hides every difference that matters.
_MOST_DECADES = 12
_MOST = sys.float_info.max


def round_up(value: float) -> float:
    """The next round number at or above ``value`` (> 0): 812 -> 1000, 1210 -> 1250."""
    if not 1e-300 < value < 1e300:
        return value
    power = 10.0 ** math.floor(math.log10(value))
    return next(f * power for f in _ROUND if f * power >= value * (1 - 1e-12))


def x_limits(low: float, high: float, previous: Range | None = None, log: bool = False) -> Range:
    """Limits that hold [low, high]: from ``low`` (or 0 near it) in a round number of units, or
    between round numbers where ``log`` (both > 0).

    ``previous`` limits stay while the data fit and fill a fair share of them.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        return previous or ((0.1, 1.0) if log else (0.0, 1.0))
    if log:
        return _log_limits(max(low, SMALLEST), max(high, SMALLEST), previous)
    if previous and _keeps(low, high, previous, _KEEP_FROM):
        return previous
    start = 0.0 if 0 <= low <= 0.25 * high else low
    width = high - start
    if not 0 < width < LARGEST:
        return (start, start + max(1.0, abs(start) * 1e-6)) if width == 0 else (low, high)
    return start, max(start + round_up(width), high)


def y_limits(low: float, high: float, log: bool = False, previous: Range | None = None) -> Range:
    """Round limits around [low, high] (both > 0 where ``log``), with the same hysteresis."""
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        return previous or ((0.1, 1.0) if log else (0.0, 1.0))
    if log:
        return _log_limits(max(low, SMALLEST), max(high, SMALLEST), previous)
    if previous:
        if _keeps(low, high, previous, _KEEP_FROM):
            return previous
        # Where one end gives way, the other stays put as long as it is still put to use.
        both = min(low, previous[0]), max(high, previous[1])
        if _keeps(low, high, both, _WIDEN_FROM):
            low, high = both
    size = max(abs(low), abs(high))
    if size < SMALLEST:
        return -1.0, 1.0
    if high / 2 - low / 2 <= size * 1e-12:  # a constant: room on both sides
        room = size * 0.1
        low, high = max(low - room, -_MOST), min(high + room, _MOST)
    half = high / 2 - low / 2
    if size > LARGEST or not half > 1e-300:
        return low, high
    step = nice_step(2 * half, 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return min(multiple(first, step), low), max(multiple(last, step), high)


def v_limits(values: npt.ArrayLike, scale: str, previous: Range | None = None) -> Range:
    """The ends of a colour scale: whole decades for "log10", round numbers for "linear"."""
    array = floats(values)
    finite = array[np.isfinite(array)]
    if scale != "log10":
        if not finite.size:
            return previous or (0.0, 1.0)
        return y_limits(float(finite.min()), float(finite.max()), False, previous)
    finite = finite[finite > 0]
    if not finite.size:
        return previous or (0.1, 1.0)
    low, high = max(float(finite.min()), SMALLEST), min(float(finite.max()), LARGEST)
    top = math.ceil(math.log10(high) - 1e-9)
    bottom = min(math.floor(math.log10(low) + 1e-9), top - 1)
    bottom = max(bottom, top - _MOST_DECADES)
    if previous and 0 < previous[0] < previous[1]:
        # One spare decade at either end is kept rather than recolouring the whole map.
        before = round(math.log10(previous[0])), round(math.log10(previous[1]))
        bottom = before[0] if before[0] <= bottom <= before[0] + 1 else bottom
        top = before[1] if before[1] - 1 <= top <= before[1] else top
    return 10.0**bottom, 10.0**top


def fit(figure: Figure, previous: Figure | None = None) -> Figure:
    """``figure`` with the ranges it leaves open filled in, as near as can be to ``previous``'s."""
    x_log = figure.x_scale == "log"
    before = previous.x_range if previous and previous.x_scale == figure.x_scale else None
    x_range = figure.x_range or x_limits(
        *_extent((line.x for line in figure.lines), x_log), before, x_log
    )
    same = previous is not None and previous.y_scale == figure.y_scale
    before = previous.y_range if previous is not None and same else None
    log = figure.y_scale == "log"
    y_range = figure.y_range or y_limits(*y_extent(figure.lines, x_range, log), log, before)
    return replace(figure, x_range=x_range, y_range=y_range)


def fit_map(figure: HeatMap, previous: HeatMap | None = None) -> HeatMap:
    """`fit` for a heat map: its x range and the ends of its colour scale."""
    x_log = figure.x_scale == "log"
    before = previous.x_range if previous and previous.x_scale == figure.x_scale else None
    x_range = figure.x_range or x_limits(*_extent([figure.x], x_log), before, x_log)
    before = previous.v_range if previous and previous.scale == figure.scale else None
    v_range = figure.v_range or v_limits(figure.values, figure.scale, before)
    return replace(figure, x_range=x_range, v_range=v_range)


def sane(limits: Range | None, log: bool = False) -> Range | None:
    """``limits`` if an axis can have them (finite, rising, above zero where ``log``), or None."""
    if limits is None:
        return None
    low, high = float(limits[0]), float(limits[1])
    fine = math.isfinite(low) and math.isfinite(high) and low < high and (low > 0 or not log)
    return (low, high) if fine else None


def y_extent(lines: Iterable[Line], x_range: Range, log: bool) -> Range:
    """The smallest and largest finite y (band included) within ``x_range``; NaNs if none."""
    low, high = math.inf, -math.inf
    for line in lines:
        x = floats(line.x)
        for values in (line.y, line.low, line.high):
            y = floats(values)
            n = min(x.size, y.size)
            inside = (x[:n] >= x_range[0]) & (x[:n] <= x_range[1]) & np.isfinite(y[:n])
            if log:
                inside &= y[:n] > 0
            if inside.any():
                shown = y[:n][inside]
                low, high = min(low, float(shown.min())), max(high, float(shown.max()))
    return (low, high) if low <= high else (math.nan, math.nan)


def _extent(arrays: Iterable[npt.ArrayLike], log: bool) -> Range:
    low, high = math.inf, -math.inf
    for values in arrays:
        array: Floats = floats(values)
        array = array[np.isfinite(array) & ((array > 0) | (not log))]
        if array.size:
            low, high = min(low, float(array.min())), max(high, float(array.max()))
    return (low, high) if low <= high else (math.nan, math.nan)


def _keeps(low: float, high: float, previous: Range, share: float) -> bool:
    inside = previous[0] <= low and high <= previous[1]
    return inside and (high - low) >= share * (previous[1] - previous[0])


def _log_limits(low: float, high: float, previous: Range | None) -> Range:
    if previous and 0 < previous[0] <= low and high <= previous[1]:
        before = math.log10(previous[1]) - math.log10(previous[0])
        if math.log10(high) - math.log10(low) >= _KEEP_FROM * before:
            return previous
    bottom, top = _snap(low, -1), _snap(high, 1)
    return (bottom, top) if bottom < top else (bottom / 2, top * 2)


def _snap(value: float, direction: int) -> float:
    """The nearest of 1, 2, 5 times a power of ten at or beyond ``value``."""
    exponent = math.floor(math.log10(value) + 1e-12)
    near = range(exponent - 1, min(exponent + 2, 308))
    steps = [m * 10.0**e for e in near for m in (1.0, 2.0, 5.0)]
    if direction > 0:
        return next((s for s in steps if s >= value and math.isfinite(s)), value)
    return next((s for s in reversed(steps) if 0 < s <= value), value)
