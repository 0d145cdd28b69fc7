"""Line charts: bands dim, lines bright, events on the axis, a legend with the last values."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tuiwb.plots.canvas import DIM, Canvas
from tuiwb.plots.curves import Curve, curves_of, layers_of, limits
from tuiwb.plots.figure import Figure, Mark
from tuiwb.plots.frame import (
    X_LABEL,
    Area,
    draw_axes,
    draw_cursor,
    draw_empty,
    draw_marks,
    draw_offsets,
    draw_x_ticks,
    gutter_for,
    lay_out,
    x_text,
)
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.legend import VALUE, Entry, draw_header, rows_needed, tags
from tuiwb.plots.numbers import short
from tuiwb.plots.palette import LOST, mix, series_colour
from tuiwb.plots.raster import characters, pack
from tuiwb.plots.reading import nearest_index
from tuiwb.plots.scales import Scale
from tuiwb.plots.ticks import Ticks, ends
from tuiwb.plots.ticks import of as ticks_of

_SIGNS = "*+ox#@%&"  # a series' character where there are no dots
_BAND = 0x404040  # what a band's colour is mixed with, besides being dim


@dataclass(frozen=True)
class Geometry:
    """Where a figure of this size puts things: for mouse, cursor keys and tests."""

    area: Area
    x: Scale
    y: Scale


def paint(figure: Figure, width: int, height: int, glyphs: GlyphSet = "braille") -> Canvas:
    """``figure`` in ``width`` x ``height`` cells. Never raises for any data or size."""
    canvas = Canvas(width, height, ascii=glyphs == "ascii")
    if not canvas.width or not canvas.height:
        return canvas
    curves = curves_of(figure)
    labels = _end_labels(figure, width)
    entries = entries_of(figure, curves, labels, glyphs) if figure.legend else []
    notes = notes_of(figure, curves)
    rows = rows_needed(figure.title, "  ".join(t for t, _ in notes), entries, width, height)
    draw_header(canvas, figure.title, notes, entries, rows)
    at = _geometry(figure, curves, width, height, rows, labels)
    area = at.area
    drawn = any(np.isfinite(curve.y).any() for curve in curves)
    lost = [Mark(float(x), "nonfinite") for curve in curves for x in curve.lost[:10_000]]
    if not drawn and not lost:
        draw_empty(canvas, rows, height - rows, figure.empty)
        return canvas
    if not area.width or not area.height:
        return canvas
    y_ticks = y_ticks_of(figure, at)
    draw_axes(canvas, area, _rows_of(y_ticks, at) if drawn else [])
    x_ticks = ticks_of(figure.x_scale, at.x.low, at.x.high, max(1, area.width // 10), X_LABEL)
    draw_x_ticks(canvas, area, x_ticks, at.x, figure.x_label)
    draw_offsets(canvas, area, x_ticks.offset, y_ticks.offset if drawn else "")
    _draw_curves(canvas, at, curves, glyphs)
    draw_marks(canvas, area, [*figure.marks, *lost], at.x)
    if not drawn:
        draw_empty(canvas, area.top, area.height, "no finite value yet")
    _draw_end_labels(canvas, at, curves, labels)
    if figure.cursor is not None:
        draw_cursor(canvas, area, figure.cursor, at.x, figure.x_scale == "time")
    return canvas


def geometry(figure: Figure, width: int, height: int, end_labels: bool = True) -> Geometry:
    """Where `paint` puts the plot of ``figure`` in ``width`` x ``height``, and its scales."""
    curves = curves_of(figure)
    labels = _end_labels(figure, width) if end_labels else []
    entries = entries_of(figure, curves, labels, "braille") if figure.legend else []
    notes = "  ".join(text for text, _ in notes_of(figure, curves))
    rows = rows_needed(figure.title, notes, entries, width, height)
    return _geometry(figure, curves, width, height, rows, labels)


def _geometry(
    figure: Figure, curves: list[Curve], width: int, height: int, rows: int, labels: list[str]
) -> Geometry:
    right = max(map(len, labels), default=0)
    right = (right + 1) * _abreast(len(labels), height - rows - 2) if right else 0
    area = lay_out(width, height, gutter_for(width), right, rows)
    x_range, y_range = limits(figure, curves)
    x, y = (scale == "log" for scale in (figure.x_scale, figure.y_scale))
    return Geometry(area, Scale(*x_range, log=x), Scale(*y_range, log=y))


def sign_of(colour: int) -> str:
    """The character of series ``colour`` where there are no dots."""
    return _SIGNS[colour % len(_SIGNS)]


def band_colour(colour: int) -> int:
    """The colour of a band: its line's, subdued."""
    return mix(series_colour(colour), _BAND, 0.35)


def _draw_curves(canvas: Canvas, at: Geometry, curves: list[Curve], glyphs: GlyphSet) -> None:
    """All bands first, then all lines: a line's cell shows the line and not the band behind it."""
    area = at.area
    place = (slice(area.top, area.top + area.height), slice(area.left, area.left + area.width))
    layers = layers_of(curves, at.x, at.y, area.width, area.height, glyphs)
    packed = pack(layers.dots, glyphs)
    bits = np.zeros((area.height, area.width), dtype=np.uint8)
    owner = np.zeros((area.height, area.width), dtype=np.bool_)  # cells that a line has
    for number, layer, band in zip(layers.colours, packed, layers.bands, strict=True):
        lit = layer != 0
        colour = series_colour(number)
        if band:
            bits |= layer
        else:
            bits = np.where(lit & ~owner, layer, bits | layer)
            owner |= lit
        canvas.fg[place][lit] = band_colour(number) if band else colour
        canvas.attr[place][lit] = DIM if band else 0
        if glyphs == "ascii":
            sign = "." if band else sign_of(number)
            canvas.codes[place][lit] = ord(sign)
    if glyphs != "ascii":
        canvas.codes[place] = characters(bits, glyphs)


def y_ticks_of(figure: Figure, at: Geometry) -> Ticks:
    """A tick in every two or three rows; in a plot of three rows or less, the two limits."""
    room = max(4, at.area.left - 1)
    if 1 < at.area.height <= 3:
        return ends(at.y.low, at.y.high, room)
    per_tick = 2 if figure.y_scale == "log" else 2.5
    most = max(1, int((at.area.height - 1) / per_tick))
    return ticks_of(figure.y_scale, at.y.low, at.y.high, most, room)


def _rows_of(ticks: Ticks, at: Geometry) -> list[tuple[int, str]]:
    """The rows of the labels; of two that meet, the first stays."""
    rows: dict[int, str] = {}
    for value, label in zip(ticks.values, ticks.labels, strict=True):
        row = at.area.row(value, at.y)
        if row is not None:
            rows.setdefault(row, label)
    return list(rows.items())


def _end_labels(figure: Figure, width: int) -> list[str]:
    """What stands at the right end of each line: its tag, or of its name as much as is needed to
    tell it apart; nothing where there is one line."""
    if any(line.tag for line in figure.lines):
        return [line.tag for line in figure.lines]
    if len(figure.lines) < 2 or width < 18:
        return []
    room = 10 if width >= 70 else 6 if width >= 40 else 1
    return tags([line.name for line in figure.lines], room)


def _abreast(labels: int, rows: int) -> int:
    """How many end labels stand in one row, where there are more of them than rows."""
    return min(3, -(-labels // max(1, rows))) if labels else 1


def _draw_end_labels(canvas: Canvas, at: Geometry, curves: list[Curve], labels: list[str]) -> None:
    """Each label at the height of its line's last point, moved down where two would meet."""
    area = at.area
    wanted = []
    for curve, label in zip(curves, labels, strict=False):
        shown = np.flatnonzero(np.isfinite(curve.y) & (curve.x <= at.x.high))
        if shown.size:
            last = min(max(float(curve.y[shown[-1]]), at.y.low), at.y.high)
            wanted.append((last, curve.line.colour, label))
    wanted.sort(key=lambda item: -item[0])
    abreast = _abreast(len(labels), area.height)
    wide = max(map(len, labels), default=0) + 1
    wanted = wanted[: area.height * abreast]
    rows = -(-len(wanted) // abreast)
    taken = -1
    for i, (last, colour, label) in enumerate(wanted):
        line, place = divmod(i, abreast)
        if place == 0:
            row = (area.row(last, at.y) or area.top) - area.top
            # Leave room below for those still to come.
            taken = min(max(row, taken + 1), area.height - (rows - line))
        x = area.left + area.width + 1 + place * wide
        canvas.put(area.top + taken, x, label, series_colour(colour))


def entries_of(
    figure: Figure, curves: list[Curve], labels: list[str], glyphs: GlyphSet
) -> list[Entry]:
    entries = []
    for i, curve in enumerate(curves):
        line = curve.line
        label = labels[i] if i < len(labels) else line.name
        sign = sign_of(line.colour) if glyphs == "ascii" else "━"
        if label != line.name:  # a label that is not the name is explained by the legend
            sign = label
        value, extra = math.nan, ""
        if figure.cursor is not None:
            at = nearest_index(curve.x, figure.cursor)
            if at is not None:
                value = float(curve.y[at])
                if curve.low is not None and curve.high is not None:
                    low, high = float(curve.low[at]), float(curve.high[at])
                    extra = f" {short(low).rjust(VALUE)}..{short(high).ljust(VALUE)}"
        else:
            finite = np.flatnonzero(np.isfinite(curve.y))
            value = float(curve.y[finite[-1]]) if finite.size else math.nan
        text = "-" if math.isnan(value) else short(value, VALUE)
        entries.append(Entry(sign, line.name, text, series_colour(line.colour), extra))
    return entries


def notes_of(figure: Figure, curves: list[Curve]) -> list[tuple[str, bool]]:
    notes: list[tuple[str, bool]] = []
    lost, dropped = sum(c.lost_count for c in curves), sum(c.dropped for c in curves)
    if lost:
        notes.append((f"{LOST} {lost} non-finite", True))
    if figure.cursor is not None and math.isfinite(figure.cursor):
        text = x_text(figure.cursor, figure.x_scale == "time")
        notes.append((f"at {figure.x_label} {text}".replace("  ", " "), False))
    if figure.y_label:
        notes.append((figure.y_label, False))
    if figure.y_scale == "log":
        notes.append(("log", False))
    if dropped:
        notes.append((f"{dropped} dropped (<= 0)", False))
    return notes
