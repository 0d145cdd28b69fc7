"""Lines made ready to be drawn: cleaned, fitted to limits, and turned into dots."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tuiwb.plots.domain import sane, x_limits, y_limits
from tuiwb.plots.figure import Figure, Line, Range
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.raster import CELL, Dots, Track, fill
from tuiwb.plots.scales import Floats, Scale, floats


@dataclass(frozen=True)
class Curve:
    """A line ready to be drawn: x finite and rising, all arrays of one length."""

    line: Line
    x: Floats
    y: Floats
    low: Floats | None
    high: Floats | None
    lost: Floats  # x of samples that were not finite
    lost_count: int
    dropped: int  # samples <= 0 on a log scale, of either axis


def prepare(line: Line, log: bool, x_log: bool = False) -> Curve:
    """``line`` with every oddity of its arrays put right, and what was put right counted."""
    x, y = floats(line.x), floats(line.y)
    low, high = floats(line.low), floats(line.high)
    counts = floats(line.nonfinite)
    size = min(x.size, y.size)
    x, y = x[:size], y[:size]
    banded = low.size >= size and high.size >= size and size > 0
    low, high = low[:size], high[:size]
    per_bucket = counts.size > 1 or (counts.size == size == 1 and np.ndim(line.nonfinite) > 0)
    bad = ~np.isfinite(y)
    if per_bucket:
        counts = np.nan_to_num(counts[:size], nan=0.0)
        bad_at = np.zeros(size, dtype=np.bool_)
        bad_at[: counts.size] = counts > 0
        lost_count = int(min(counts.sum(), 1e15))
    else:
        bad_at = bad
        given = float(counts[0]) if counts.size and math.isfinite(counts[0]) else 0.0
        lost_count = max(int(min(given, 1e15)), int(bad.sum()))
    lost = x[bad_at]
    lost = lost[np.isfinite(lost)]
    dropped = 0
    if bad.any():
        y = np.where(bad, np.nan, y)
    if log:
        dropped = int((y <= 0).sum())
        y = np.where(y > 0, y, np.nan)
    keep = np.isfinite(x)
    if x_log:
        dropped += int((x[keep] <= 0).sum())
        keep &= x > 0
    order: npt.NDArray[np.int64] | None = None
    if not keep.all():
        order = np.flatnonzero(keep)
    rising = x if order is None else x[order]
    if (rising[1:] < rising[:-1]).any():
        by_x = np.argsort(rising, kind="stable")
        order = by_x if order is None else order[by_x]
    if order is not None:
        x, y = x[order], y[order]
        low, high = (low[order], high[order]) if banded else (low, high)
    if not banded:
        return Curve(line, x, y, None, None, lost, lost_count, dropped)
    low, high = np.fmin(low, high), np.fmax(low, high)
    # The band of a bucket with an infinite sample ends where its finite samples do: at the line.
    low = np.where(np.isfinite(low) & ((low > 0) | (not log)), low, y)
    high = np.where(np.isfinite(high) & ((high > 0) | (not log)), high, y)
    return Curve(line, x, y, low, high, lost, lost_count, dropped)


def curves_of(figure: Figure) -> list[Curve]:
    """Every line of ``figure``, made ready for its scales."""
    y_log, x_log = figure.y_scale == "log", figure.x_scale == "log"
    return [prepare(line, y_log, x_log) for line in figure.lines]


def limits(figure: Figure, curves: list[Curve]) -> tuple[Range, Range]:
    """The figure's own ranges where they can be used, else ranges fitted to what it shows."""
    x_log = figure.x_scale == "log"
    x_range = sane(figure.x_range, x_log)
    if x_range is None:
        ends = [(c.x[0], c.x[-1]) for c in curves if c.x.size]
        low = min((a for a, _ in ends), default=math.nan)
        high = max((b for _, b in ends), default=math.nan)
        x_range = x_limits(float(low), float(high), log=x_log)
    log = figure.y_scale == "log"
    y_range = sane(figure.y_range, log)
    if y_range is None:
        y_range = y_limits(*_y_extent(curves, x_range), log)
    return x_range, y_range


def _y_extent(curves: list[Curve], x_range: Range) -> Range:
    low, high = math.inf, -math.inf
    for curve in curves:
        first = int(np.searchsorted(curve.x, x_range[0], side="left"))
        last = int(np.searchsorted(curve.x, x_range[1], side="right"))
        for values in (curve.y, curve.low, curve.high):
            if values is not None and last > first:
                low = min(low, float(np.fmin.reduce(values[first:last], initial=math.inf)))
                high = max(high, float(np.fmax.reduce(values[first:last], initial=-math.inf)))
    return (low, high) if low <= high else (math.nan, math.nan)


@dataclass(frozen=True)
class Layers:
    """Curves as dots, (L, rows, columns): bands first, then lines, with each layer's colour."""

    dots: Dots
    colours: list[int]
    bands: list[bool]


def layers_of(
    curves: list[Curve], x_scale: Scale, y_scale: Scale, width: int, height: int, glyphs: GlyphSet
) -> Layers:
    """The dots of every band and line in a plot of ``width`` x ``height`` cells."""
    across, down = CELL[glyphs]
    columns, rows = width * across, height * down
    bands = [(c, c.low, c.high) for c in curves if c.low is not None and c.high is not None]
    jobs = bands + [(c, c.y, c.y) for c in curves]
    tops = np.empty((len(jobs), columns), dtype=np.int32)
    bottoms = np.empty((len(jobs), columns), dtype=np.int32)
    # Series of one table share their x: those that also share their gaps are drawn in one go.
    groups: list[tuple[Floats, Dots, list[int]]] = []
    for i, (curve, low, high) in enumerate(jobs):
        good = np.isfinite(high) if low is high else np.isfinite(low) & np.isfinite(high)
        for x, shared, members in groups:
            if np.array_equal(good, shared) and np.array_equal(curve.x, x):
                members.append(i)
                break
        else:
            groups.append((curve.x, good, [i]))
    for x, good, members in groups:
        track = Track(x_scale.unit(x), good, columns)
        lower, upper = (y_scale.unit(np.array([jobs[i][side] for i in members])) for side in (1, 2))
        if down == 1 and rows > 1:
            lower, upper = (_settled(unit, rows - 1) for unit in (lower, upper))
        tops[members], bottoms[members] = track.spans(upper, lower, rows)
    is_band = np.arange(len(jobs)) < len(bands)
    dots = fill(tops, bottoms, rows, is_band)
    for i, (curve, _, _) in enumerate(jobs):
        if curve.line.dash and not is_band[i]:
            dots[i] &= _broken(columns, curve.line.dash, across)
    return Layers(dots, [curve.line.colour for curve, _, _ in jobs], is_band.tolist())


def _settled(unit: Floats, steps: int) -> Floats:
    """What lies half way between two cells goes to the one that a tick there takes."""
    exact = unit * steps
    tie = np.abs(exact - np.floor(exact) - 0.5) < TIE
    settled: Floats = np.where(tie, np.rint(exact) / steps, unit)
    return settled


TIE = 1e-9
"""Of a cell: what two ways to work out one place may differ by."""
_DASHES = ((4, 2), (1, 2), (6, 2, 1, 2))
"""Cells on, off, on, off, ... of each way to break a line up."""


def _broken(columns: int, dash: int, across: int) -> npt.NDArray[np.bool_]:
    """Which columns of dots a broken line keeps, (columns,)."""
    pattern = _DASHES[(dash - 1) % len(_DASHES)]
    cells = np.repeat(np.arange(len(pattern)) % 2 == 0, pattern)
    return np.resize(np.repeat(cells, across), columns)
