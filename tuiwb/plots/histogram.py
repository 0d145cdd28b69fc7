"""Histograms over time: steps along x, values up y, how many there are as colour.

The picture that shows activations dying, saturating or blowing up: the bins are powers of two on
either side of zero, so a scale that drifts is a band that climbs or falls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tuiwb.plots import resample
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.cells import bar_room, draw_bar, draw_cells, draw_halves
from tuiwb.plots.domain import sane, x_limits
from tuiwb.plots.figure import NOTHING_YET, Mark, Palette, Range, Values, XScale, YScale
from tuiwb.plots.frame import (
    X_LABEL,
    Area,
    draw_axes,
    draw_cursor,
    draw_empty,
    draw_marks,
    draw_x_ticks,
    gutter_for,
    lay_out,
    x_text,
)
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.legend import VALUE, draw_header
from tuiwb.plots.numbers import short
from tuiwb.plots.reading import nearest_index
from tuiwb.plots.scales import Floats, Scale, floats
from tuiwb.plots.ticks import nice_step, tick_label
from tuiwb.plots.ticks import of as ticks_of

SHARES = 1e-3, 0.5
"""Shares of the values at the two ends of the colour scale: one scale for all layers and runs."""
_ENDS = ("0.1%", "50%")


@dataclass(frozen=True, eq=False)
class Histogram:
    """``counts`` (C, B) of the values at each ``x`` (C,), in bins between ``edges`` (B + 1,), which
    rise and lie on both sides of zero. A column without counts is "nothing measured".

    ``y_scale`` "log" gives every bin the same height; "linear" goes by value.
    """

    title: str
    x: Values = ()
    counts: Values = ()
    edges: Values = ()
    x_label: str = "step"
    x_range: Range | None = None
    x_scale: XScale = "linear"
    y_scale: YScale = "log"
    palette: Palette = "viridis"
    cursor: float | None = None
    empty: str = NOTHING_YET
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class HistogramGeometry:
    """Where `paint_histogram` puts things: the plot, the x axis, and along y either the bins from
    the first with a count past the last (log), or values (linear)."""

    area: Area
    x: Scale
    y: Range


@dataclass(frozen=True)
class Reading:
    """What a histogram says at one ``x``: the middle, the range of nine tenths, zeros' share."""

    x: float
    median: float
    low: float
    high: float
    zeros: float


def paint_histogram(
    figure: Histogram, width: int, height: int, glyphs: GlyphSet = "braille", colour: bool = True
) -> Canvas:
    """``figure`` in ``width`` x ``height`` cells. Never raises for any data or size."""
    canvas = Canvas(width, height, ascii=glyphs == "ascii")
    if not canvas.width or not canvas.height:
        return canvas
    xs, whole, bins = _arrays(figure)
    some = bool(whole.any())
    bar = bar_room(_ENDS) if some and width >= 30 else 0
    notes = _notes(figure, xs, whole, bins) if some else []
    draw_header(canvas, figure.title, notes, [], reserve=bar)
    if not some:
        draw_empty(canvas, 1, height - 1, figure.empty)
        return canvas
    draw_bar(canvas, figure.palette, _ENDS, colour)
    at, counts, edges = _placed(figure, xs, whole, bins, width, height)
    area = at.area
    if not area.width or not area.height:
        return canvas
    halves = colour and glyphs != "ascii"
    columns = _columns(xs, counts, at.x, area.width)
    cells = _rows(columns, edges, at.y, area.height * (2 if halves else 1), figure.y_scale)
    levels = resample.quantise(cells, Scale(*SHARES, log=True))
    if halves:
        draw_halves(canvas, area, levels, figure.palette)
    else:
        draw_cells(canvas, area, levels, figure.palette, colour)
    draw_axes(canvas, area, _labels(edges, at, figure.y_scale))
    ticks = ticks_of(figure.x_scale, at.x.low, at.x.high, max(1, area.width // 10), X_LABEL)
    draw_x_ticks(canvas, area, ticks, at.x, figure.x_label)
    draw_marks(canvas, area, figure.marks, at.x, guides=False)
    if figure.cursor is not None:
        _draw_shares(canvas, at, figure, xs, counts, edges)
        draw_cursor(canvas, area, figure.cursor, at.x, figure.x_scale == "time", over=True)
    return canvas


def histogram_geometry(figure: Histogram, width: int, height: int) -> HistogramGeometry:
    """Where `paint_histogram` puts the plot of ``figure`` in ``width`` x ``height``."""
    return _placed(figure, *_arrays(figure), width, height)[0]


def _placed(
    figure: Histogram, xs: Floats, counts: Floats, edges: Floats, width: int, height: int
) -> tuple[HistogramGeometry, Floats, Floats]:
    """The geometry, and the counts in the bins that are worth a height of their own."""
    x_range = sane(figure.x_range)
    if x_range is None:
        x_range = x_limits(float(xs[0]), float(xs[-1])) if xs.size else (0.0, 1.0)
    right = VALUE + 1 if figure.cursor is not None and width >= 30 else 0
    area = lay_out(width, height, gutter_for(width), right)
    shown = (xs >= x_range[0]) & (xs <= x_range[1]) & (counts.sum(axis=1) > 0)
    counts, edges = _worth(counts, shown if shown.any() else counts.sum(axis=1) > 0, edges)
    if figure.y_scale == "log" or not edges.size:
        y = 0.0, float(max(1, counts.shape[1]))
    else:
        step = nice_step(edges[-1] - edges[0], 4)
        y = math.floor(edges[0] / step) * step, math.ceil(edges[-1] / step) * step
    return HistogramGeometry(area, Scale(*x_range), y), counts, edges


def _worth(counts: Floats, shown: npt.NDArray[np.bool_], edges: Floats) -> tuple[Floats, Floats]:
    """Bins without the long thin tails: those beyond, and those nearer to zero than, all that hold
    a visible share of any of the columns ``shown`` are added to the next that does."""
    if not shown.any():
        return counts, edges
    shares = counts[shown] / counts[shown].sum(axis=1, keepdims=True)
    seen = shares.max(axis=0) >= SHARES[0]
    zero = _zero_bin(edges)
    used = np.flatnonzero(seen)
    if not used.size:
        return counts, edges
    first, last = int(used[0]), int(used[-1])
    keep = np.zeros(len(seen), dtype=np.bool_)
    keep[first : last + 1] = True
    if zero is not None and first <= zero <= last:
        sides = np.flatnonzero(seen & (np.arange(len(seen)) != zero))
        size = np.minimum(np.abs(edges[:-1]), np.abs(edges[1:]))
        inner = size[sides].min(initial=np.inf)
        keep &= (size >= inner * (1 - 1e-12)) | (np.arange(len(seen)) == zero)
    kept = np.flatnonzero(keep)
    # what is left out goes to its neighbour nearer to zero inside, and to the ends outside
    middle = (kept[:-1] + kept[1:] + 1) // 2
    if zero is not None:
        middle = np.where(kept[1:] == zero, kept[:-1] + 1, middle)
        middle = np.where(kept[:-1] == zero, kept[1:], middle)
    starts = np.concatenate(([0], middle)).astype(np.intp)
    limits = np.concatenate((edges[starts], edges[-1:]))
    limits[0], limits[-1] = edges[first], edges[last + 1]
    return np.add.reduceat(counts, starts, axis=1), limits


def read_histogram(figure: Histogram, x: float) -> Reading | None:
    """What ``figure`` says at the sample nearest to ``x``; None where there is none."""
    return _read(*_arrays(figure), x)


def _read(xs: Floats, counts: Floats, edges: Floats, x: float) -> Reading | None:
    measured = counts.sum(axis=1) > 0
    xs, counts = xs[measured], counts[measured]
    found = nearest_index(xs, x)
    if found is None:
        return None
    column = counts[found]
    total = np.concatenate(([0.0], np.cumsum(column))) / column.sum()
    low, median, high = (float(np.interp(q, total, edges)) for q in (0.05, 0.5, 0.95))
    zero = _zero_bin(edges)
    zeros = float(column[zero] / column.sum()) if zero is not None else 0.0
    inside = None if zero is None else (float(edges[zero]), float(edges[zero + 1]))
    low, median, high = (
        0.0 if inside and inside[0] <= v <= inside[1] else v for v in (low, median, high)
    )
    return Reading(float(xs[found]), median, low, high, zeros)


def _arrays(figure: Histogram) -> tuple[Floats, Floats, Floats]:
    """x (C,) rising, counts (C, B) and edges (B + 1,) that fit each other, whatever was given."""
    xs, edges = floats(figure.x), floats(figure.edges)
    try:
        counts = np.asarray(figure.counts, dtype=np.float64)
    except (TypeError, ValueError):
        counts = np.empty((0, 0))
    if counts.ndim != 2:
        counts = np.empty((0, 0))
    bins = min(counts.shape[1], max(0, edges.size - 1))
    rows = min(xs.size, counts.shape[0])
    xs, counts, edges = xs[:rows], counts[:rows, :bins], edges[: bins + 1]
    if not bins or not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
        return xs[:0], counts[:0, :0], edges[:0]
    counts = np.where(np.isfinite(counts) & (counts > 0), np.minimum(counts, 1e100), 0.0)
    kept = np.isfinite(xs)
    xs, counts = xs[kept], counts[kept]
    if (xs[1:] < xs[:-1]).any():
        order = np.argsort(xs, kind="stable")
        xs, counts = xs[order], counts[order]
    return xs, counts, edges


def _columns(xs: Floats, counts: Floats, scale: Scale, width: int) -> Floats:
    """(C, B) at ``xs`` as shares (width, B) of each column's values: samples that fall into one
    column are added, columns between samples repeat the one before; NaN where there is nothing."""
    out = np.full((width, counts.shape[1]), np.nan)
    unit = scale.unit(xs)
    shown = (unit >= 0) & (unit <= 1) & (counts.sum(axis=1) > 0)
    if not shown.any() or not width:
        return out
    place = np.rint(unit[shown] * (width - 1)).astype(np.intp)
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    merged = np.add.reduceat(counts[shown], starts, axis=0)
    merged /= merged.sum(axis=1, keepdims=True)
    filled = np.searchsorted(place[starts], np.arange(width), side="right") - 1
    inside = (filled >= 0) & (np.arange(width) <= place[-1])
    out[inside] = merged[filled[inside]]
    return out


def _rows(shares: Floats, edges: Floats, y: Range, slots: int, scale: str) -> Floats:
    """(width, B) as (slots, width), the largest values on top; NaN where there are none of them.

    On a log axis a slot shows the fullest of its bins; on a linear one what lies within it.
    """
    if scale == "log":
        starts = np.arange(slots) * shares.shape[1] // slots
        rows = np.fmax.reduceat(shares, starts, axis=1)
    else:
        limits = np.linspace(y[0], y[1], slots + 1)
        total = np.concatenate((np.zeros((len(shares), 1)), np.cumsum(shares, axis=1)), axis=1)
        rows = np.diff([np.interp(limits, edges, line) for line in total], axis=1)
    rows = rows.reshape(len(shares), slots)
    return np.where(rows > 0, rows, np.nan).T[::-1]


def _zero_bin(edges: Floats) -> int | None:
    found = np.flatnonzero((edges[:-1] < 0) & (edges[1:] > 0))
    return int(found[0]) if found.size else None


def _labels(edges: Floats, at: HistogramGeometry, scale: str) -> list[tuple[int, str]]:
    """Rows of the plot with what is written beside them."""
    area, y = at.area, at.y
    if scale != "log":
        ticks = ticks_of("linear", *y, max(1, area.height // 3), max(4, area.left - 1))
        places = list(zip(ticks.values, ticks.labels, strict=True))
    else:
        places = [(found + 0.5, label) for found, label in _bins_to_label(edges, area.left - 1)]
    rows: dict[int, str] = {}
    for place, label in places:
        if not y[0] <= place <= y[1]:
            continue
        share = (place - y[0]) / (y[1] - y[0])
        row = area.top + min(area.height - 1, int((1 - share) * area.height))
        if all(abs(row - other) > 1 for other in rows):
            rows[row] = label
    return list(rows.items())


def _bins_to_label(edges: Floats, room: int) -> list[tuple[int, str]]:
    """Bins worth a label, the most telling first: zero, then the decades from 1 outwards."""
    zero = _zero_bin(edges)
    wanted: list[tuple[int, str]] = [] if zero is None else [(zero, "0")]
    for decade in sorted(range(-12, 13), key=abs):
        for sign in (1.0, -1.0):
            value = sign * 10.0**decade
            found = int(np.searchsorted(edges, value, side="right")) - 1
            if 0 <= found < edges.size - 1:
                text = tick_label(abs(value), max(4, room - 1))
                wanted.append((found, text if sign > 0 else f"-{text}"))
    return wanted


def _notes(figure: Histogram, xs: Floats, counts: Floats, edges: Floats) -> list[tuple[str, bool]]:
    """What the histogram under the cursor, or the newest one, says in numbers."""
    x = float(xs[-1]) if figure.cursor is None else figure.cursor
    told = _read(xs, counts, edges, x)
    if told is None:
        return []
    notes: list[tuple[str, bool]] = []
    if figure.cursor is not None:
        place = x_text(told.x, figure.x_scale == "time")
        notes.append((f"at {figure.x_label} {place}", False))
    if told.zeros >= SHARES[0]:
        notes.append((f"{told.zeros:.0%} zero", False))
    notes.append((f"median {short(told.median)}", False))
    notes.append((f"90% in {short(told.low)}..{short(told.high)}", False))
    return notes


def _draw_shares(
    canvas: Canvas,
    at: HistogramGeometry,
    figure: Histogram,
    xs: Floats,
    counts: Floats,
    edges: Floats,
) -> None:
    """Right of the plot, what share of the values under the cursor each line holds."""
    measured = counts.sum(axis=1) > 0
    xs, counts = xs[measured], counts[measured]
    found = nearest_index(xs, figure.cursor) if figure.cursor is not None else None
    area = at.area
    if found is None or not area.right:
        return
    column = counts[found : found + 1]
    shares = column / column.sum()
    if figure.y_scale == "log":
        cut = np.linspace(*at.y, area.height + 1)
        total = np.concatenate(([0.0], np.cumsum(shares[0])))
        lines = np.diff(np.interp(cut, np.arange(total.size), total))[::-1]
    else:
        lines = np.nan_to_num(_rows(shares, edges, at.y, area.height, "linear")[:, 0])
    for line, share in enumerate(lines.tolist()):
        if share >= SHARES[0]:
            text = f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"
            canvas.put(area.top + line, area.left + area.width + 1, text.rjust(VALUE))
