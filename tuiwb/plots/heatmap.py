"""Layer-by-time heat maps: the picture that shows where gradients vanish or explode."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tuiwb.plots import resample
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.cells import bar_room, draw_bar, draw_cells, draw_halves
from tuiwb.plots.domain import sane, v_limits, x_limits
from tuiwb.plots.figure import HeatMap
from tuiwb.plots.frame import (
    X_LABEL,
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
from tuiwb.plots.names import CUT, short_name
from tuiwb.plots.numbers import short
from tuiwb.plots.palette import LOST, QUIET
from tuiwb.plots.reading import grid, nearest_index
from tuiwb.plots.scales import Floats, Scale
from tuiwb.plots.ticks import of as ticks_of
from tuiwb.plots.ticks import tick_label


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
        draw_halves(canvas, area, levels, figure.palette)
    else:
        draw_cells(canvas, area, levels, figure.palette, colour)
    _draw_names(canvas, at, figure.rows)
    draw_axes(canvas, area, (), y_line=False)
    ticks = ticks_of(figure.x_scale, at.x.low, at.x.high, max(1, area.width // 10), X_LABEL)
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
    bar = bar_room(ends) if some and canvas.width >= 30 else 0
    draw_header(canvas, figure.title, notes, [], reserve=bar)
    if some:
        draw_bar(canvas, figure.palette, ends, colour)
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


def _draw_names(canvas: Canvas, at: MapGeometry, names: tuple[str, ...]) -> None:
    """Each line's first row, and how many more there are, at the left; the name alone where both
    would cut it: the header says as well that rows share a line."""
    room = at.area.left - 1
    for line, rows in at.rows.named.items() if room > 0 else ():
        more = f" +{len(rows) - 1}" if len(rows) > 1 else ""
        name = short_name(names[rows.start], room - len(more)) if len(more) + 3 < room else CUT
        if CUT in name:
            name, more = short_name(names[rows.start], room), ""
        canvas.put(at.area.top + line, 0, name + more, QUIET)


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
