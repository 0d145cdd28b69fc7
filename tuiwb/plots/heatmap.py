"""Layer-by-time heat maps: the picture that shows where gradients vanish or explode."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tuiwb.plots import resample
from tuiwb.plots.canvas import BOLD, Canvas
from tuiwb.plots.domain import sane, v_limits, x_limits
from tuiwb.plots.figure import HeatMap
from tuiwb.plots.frame import (
    Area,
    draw_axes,
    draw_cursor,
    draw_empty,
    draw_marks,
    draw_x_ticks,
    lay_out,
    x_text,
)
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.legend import VALUE, draw_header
from tuiwb.plots.numbers import short
from tuiwb.plots.palette import ALARM, ASCII_SHADES, LEVELS, LOST, QUIET, RAMPS, SHADES
from tuiwb.plots.reading import grid, nearest_index
from tuiwb.plots.scales import Floats, Scale
from tuiwb.plots.ticks import of as ticks_of
from tuiwb.plots.ticks import tick_label

_BAR = (12, 8, 5)  # lengths of the colour scale
_UPPER, _LOWER = ord("▀"), ord("▄")


@dataclass(frozen=True)
class MapGeometry:
    """Where `paint_heatmap` puts things."""

    area: Area
    x: Scale
    v: Scale
    slots: int  # rows of colour in a line of text: 2 with half blocks
    rows: resample.RowPlan


def paint_heatmap(
    figure: HeatMap, width: int, height: int, glyphs: GlyphSet = "braille", colour: bool = True
) -> Canvas:
    """``figure`` in ``width`` x ``height`` cells; shades instead of colours where there are none.

    Rows get as many lines as there are for them; more rows than lines share lines, and the title
    says how many. Never raises for any data or size.
    """
    canvas = Canvas(width, height, ascii=glyphs == "ascii")
    if not canvas.width or not canvas.height:
        return canvas
    xs, values = grid(figure)
    at = map_geometry(figure, width, height, glyphs, colour)
    if not draw_map_header(canvas, figure, xs, values, at, colour):
        draw_empty(canvas, 1, height - 1, figure.empty)
        return canvas
    area = at.area
    if not area.width or not area.height:
        return canvas
    cells = resample.merge_rows(resample.columns(xs, values, at.x, area.width), at.rows.starts)
    levels = resample.quantise(cells[at.rows.shows], at.v)
    if at.slots == 2:
        _draw_halves(canvas, area, levels, figure)
    else:
        _draw_cells(canvas, area, levels, figure, colour and glyphs != "ascii", colour)
    _draw_names(canvas, at, figure.rows)
    draw_axes(canvas, area, (), y_line=False)
    ticks = ticks_of(figure.x_scale, at.x.low, at.x.high, max(1, area.width // 10), 7)
    draw_x_ticks(canvas, area, ticks, at.x, figure.x_label)
    draw_marks(canvas, area, figure.marks, at.x, guides=False)
    if figure.cursor is not None:
        _draw_readings(canvas, at, figure.cursor, xs, values)
        draw_cursor(canvas, area, figure.cursor, at.x, figure.x_scale == "time", over=True)
    return canvas


def map_geometry(
    figure: HeatMap, width: int, height: int, glyphs: GlyphSet = "braille", colour: bool = True
) -> MapGeometry:
    """Where `paint_heatmap` puts the map of ``figure`` in ``width`` x ``height``, its scales, and
    which rows share a line."""
    xs, values = grid(figure)
    x_log = figure.x_scale == "log"
    x_range = sane(figure.x_range, x_log)
    if x_range is None:
        ends = (float(xs[0]), float(xs[-1])) if xs.size else (math.nan, math.nan)
        x_range = x_limits(*ends, log=x_log)
    log = figure.scale == "log10"
    v_range = sane(figure.v_range, log) or v_limits(values, figure.scale)
    longest = max(map(len, figure.rows), default=0)
    gutter = min(longest, max(4, width // 4), 24) if width >= 14 else 0
    right = VALUE + 1 if figure.cursor is not None and width >= 30 else 0
    area = lay_out(width, height, gutter, right)
    halves = len(figure.rows) > area.height and colour and glyphs != "ascii"
    slots = 2 if halves else 1
    rows = resample.plan_rows(len(figure.rows), area.height, slots)
    return MapGeometry(area, Scale(*x_range, log=x_log), Scale(*v_range, log=log), slots, rows)


def draw_map_header(
    canvas: Canvas, figure: HeatMap, xs: Floats, values: Floats, at: MapGeometry, colour: bool
) -> bool:
    """Title, notes and the colour scale in row 0; False if there is nothing to draw under it."""
    some = not np.isnan(values).all()
    notes = _notes(figure, xs, values, at, canvas.width) if some else []
    ends = [tick_label(end) for end in (at.v.low, at.v.high)]
    # The scale needs less room than a title in full, and says more.
    bar = sum(map(len, ends)) + _BAR[-1] + 4 if some and canvas.width >= 30 else 0
    draw_header(canvas, figure.title, notes, [], reserve=bar)
    if some:
        _draw_bar(canvas, figure, ends, colour)
    return some


def _notes(
    figure: HeatMap, xs: Floats, values: Floats, at: MapGeometry, width: int
) -> list[tuple[str, bool]]:
    notes: list[tuple[str, bool]] = []
    infinite = int(np.isinf(values).sum())
    if infinite:
        notes.append((f"{LOST} {infinite} infinite", True))
    if at.rows.sharing != "1":
        unit = " layers/row" if width >= 48 else "/row"
        notes.append((at.rows.sharing + unit, True))
    if figure.cursor is not None:
        found = nearest_index(xs, figure.cursor)
        if found is not None:
            text = x_text(float(xs[found]), figure.x_scale == "time")
            notes.append((f"at {figure.x_label} {text}", False))
    with np.errstate(invalid="ignore"):
        zero = int((values <= 0).sum()) if figure.scale == "log10" else 0
    if zero:
        notes.append((f"{zero} zero" if (values >= 0).any() else f"{zero} <= 0", False))
    return notes


def _draw_bar(canvas: Canvas, figure: HeatMap, ends: list[str], colour: bool) -> None:
    """The colour scale at the right end of the title row, where the title leaves room."""
    low, high = ends
    used = np.flatnonzero(canvas.codes[0] != ord(" "))
    free = canvas.width - (int(used[-1]) + 1 if used.size else 0) - 2
    for size in _BAR:
        text = len(low) + len(high) + 2
        if text + size <= free:
            start = canvas.width - text - size
            canvas.put(0, start, low, QUIET)
            canvas.put(0, canvas.width - len(high), high, QUIET)
            levels = np.linspace(0, LEVELS - 1, size).round().astype(np.int64)[None, :]
            bar = resample.Grid(levels, levels < 0, levels < 0)
            place = Area(start + len(low) + 1, 0, size, 1)
            _draw_cells(canvas, place, bar, figure, colour and not canvas.ascii, colour)
            return
    if len(low) + len(high) + 2 <= free:
        canvas.put(0, canvas.width - len(low) - len(high) - 2, f"{low}..{high}", QUIET)


def _draw_cells(
    canvas: Canvas, area: Area, cells: resample.Grid, figure: HeatMap, solid: bool, colour: bool
) -> None:
    """One cell a value: a coloured blank where there is colour, else a shade."""
    place = (slice(area.top, area.top + area.height), slice(area.left, area.left + area.width))
    measured = cells.level >= 0
    ramp = RAMPS[figure.palette][np.maximum(cells.level, 0)]
    codes, fg, bg = canvas.codes[place], canvas.fg[place], canvas.bg[place]
    if solid:
        bg[measured] = ramp[measured]
    else:
        shades = (ASCII_SHADES if canvas.ascii else SHADES)[1:]
        table = np.array([ord(c) for c in shades], dtype=np.uint32)
        shade = table[np.maximum(cells.level, 0) * len(shades) // LEVELS]
        codes[measured] = shade[measured]
        if colour:
            fg[measured] = ramp[measured]
    codes[cells.zero] = ord("0" if canvas.ascii else "·")
    fg[cells.zero] = QUIET
    codes[cells.infinite] = ord("x" if canvas.ascii else LOST)
    fg[cells.infinite] = 0xFFFFFF if colour else -1
    bg[cells.infinite] = ALARM if colour else -1
    canvas.attr[place][cells.infinite] = BOLD


def _draw_halves(canvas: Canvas, area: Area, cells: resample.Grid, figure: HeatMap) -> None:
    """Two values a cell, one above the other."""
    place = (slice(area.top, area.top + area.height), slice(area.left, area.left + area.width))
    ramp = RAMPS[figure.palette][np.maximum(cells.level, 0)]
    ramp = np.where(cells.infinite, ALARM, np.where(cells.level < 0, -1, ramp)).astype(np.int32)
    upper, lower = ramp[::2], ramp[1::2]
    same = upper == lower
    codes = np.where(upper < 0, _LOWER, _UPPER)
    canvas.codes[place] = np.where(same, ord(" "), codes)
    canvas.fg[place] = np.where(same, -1, np.where(upper < 0, lower, upper))
    canvas.bg[place] = np.where(same, upper, np.where(upper < 0, -1, lower))
    infinite = cells.infinite[::2] | cells.infinite[1::2]
    canvas.codes[place][infinite] = ord(LOST)
    canvas.fg[place][infinite] = 0xFFFFFF
    canvas.bg[place][infinite] = ALARM
    canvas.attr[place][infinite] = BOLD


def _draw_names(canvas: Canvas, at: MapGeometry, names: tuple[str, ...]) -> None:
    """Each line's first row, and how many more there are, at the left."""
    room = at.area.left - 1
    for line, rows in at.rows.named.items() if room > 0 else ():
        name, more = names[rows.start], f" +{len(rows) - 1}" if len(rows) > 1 else ""
        text = name + more if len(name + more) <= room else name
        # The end of a dotted path is what tells it from its neighbours.
        text = text if len(text) <= room else "…" + text[len(text) - room + 1 :]
        canvas.put(at.area.top + line, 0, text, QUIET)


def _draw_readings(
    canvas: Canvas, at: MapGeometry, cursor: float, xs: Floats, values: Floats
) -> None:
    """Right of the map, each line's value under the cursor: the largest of its rows'."""
    found, area = nearest_index(xs, cursor), at.area
    if found is None or not area.right:
        return
    for line, rows in at.rows.named.items():
        value = float(np.fmax.reduce(values[rows.start : rows.stop, found]))
        text = "-" if math.isnan(value) else short(value, VALUE)
        canvas.put(area.top + line, area.left + area.width + 1, text.rjust(VALUE))
