"""Figures as text that is printed once, painted by plotext 5: summaries, `show`, CI logs.

plotext keeps one figure for the whole process; this module paints on a figure of its own and
leaves that one as it is. It hands plotext dots that are already in place, because plotext scales
in plain floats (which overflow) and stops at NaN.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from tuiwb.plots import resample
from tuiwb.plots.canvas import Canvas, safe
from tuiwb.plots.curves import Curve, curves_of, layers_of
from tuiwb.plots.figure import Figure, HeatMap, Mark
from tuiwb.plots.frame import X_LABEL, Area, draw_empty, x_text
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.heatmap import draw_map_header, map_geometry, paint_heatmap
from tuiwb.plots.legend import draw_header
from tuiwb.plots.paint import (
    band_colour,
    entries_of,
    geometry,
    notes_of,
    paint,
    sign_of,
    y_ticks_of,
)
from tuiwb.plots.palette import (
    ASCII_SHADES,
    LEVELS,
    LOST,
    QUIET,
    RAMPS,
    SHADES,
    mark_style,
    series_colour,
)
from tuiwb.plots.reading import grid
from tuiwb.plots.scales import Scale
from tuiwb.plots.ticks import Ticks
from tuiwb.plots.ticks import of as ticks_of

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_ASCII = str.maketrans("│┤├─┬┴┼└┘┌┐\u00d7", "|++-+++++++x")


def render(
    figure: Figure | HeatMap, width: int, height: int, colour: bool = True, unicode: bool = True
) -> str:
    """``figure`` as ``height`` lines of at most ``width`` columns, with escape sequences if
    ``colour``, in ASCII alone unless ``unicode``. Never raises for any data or size."""
    glyphs: GlyphSet = "braille" if unicode else "ascii"
    # A cursor belongs to a screen. Too small for plotext's layout: our own painter's.
    if width < 20 or height < 6:
        if isinstance(figure, HeatMap):
            canvas = paint_heatmap(figure, width, height, glyphs, colour)
        else:
            canvas = paint(figure, width, height, glyphs)
        return canvas.ansi() if colour else canvas.text()
    if isinstance(figure, HeatMap):
        return _render_map(figure, width, height, glyphs, colour)
    return _render_lines(figure, width, height, glyphs, colour)


def _render_lines(figure: Figure, width: int, height: int, glyphs: GlyphSet, colour: bool) -> str:
    curves = curves_of(figure)
    marks = _marks_line(figure, width, glyphs)
    at = geometry(figure, width, height - bool(marks), end_labels=False)
    head = Canvas(width, at.area.top, ascii=glyphs == "ascii")
    entries = entries_of(figure, curves, [], glyphs) if figure.legend else []
    draw_header(head, figure.title, notes_of(figure, curves), entries, at.area.top)
    if not any(np.isfinite(curve.y).any() for curve in curves):
        return _empty(head, height, figure.empty, curves, colour)
    plot = _Plot(at.area, colour, glyphs)
    for mark in figure.marks:
        style, place = mark_style(mark.kind), at.x.place(mark.x, plot.columns)
        if style.guide and place is not None:
            plot.guide(place, QUIET)
    layers = layers_of(curves, at.x, at.y, at.area.width, at.area.height, glyphs)
    for dots, number, band in zip(layers.dots, layers.colours, layers.bands, strict=True):
        marker = "braille" if glyphs != "ascii" else "." if band else sign_of(number)
        plot.dots(dots, marker, band_colour(number) if band else series_colour(number))
    y_ticks = y_ticks_of(figure, at)
    plot.y_ticks(y_ticks, at.y)
    plot.x_ticks(ticks_of(figure.x_scale, at.x.low, at.x.high, at.area.width // 10, X_LABEL), at.x)
    lines = [_text(head, colour), plot.build(figure.x_label)]
    if marks:
        tail = Canvas(width, 1, ascii=glyphs == "ascii")
        tail.put(0, 0, marks, QUIET)
        lines.append(_text(tail, colour))
    return "\n".join(lines)


def _render_map(figure: HeatMap, width: int, height: int, glyphs: GlyphSet, colour: bool) -> str:
    figure = HeatMap(**{**figure.__dict__, "cursor": None})
    xs, values = grid(figure)
    # Without half blocks: one row of colour a line.
    at = map_geometry(figure, width, height, "ascii", colour)
    head = Canvas(width, 1, ascii=glyphs == "ascii")
    if not draw_map_header(head, figure, xs, values, at, colour):
        return _empty(head, height, figure.empty, [], colour)
    plot = _Plot(at.area, colour, "ascii", ascii=glyphs == "ascii", y_line=False)
    cells = resample.merge_rows(resample.columns(xs, values, at.x, plot.columns), at.rows.starts)
    levels = resample.quantise(cells[at.rows.shows], at.v)
    shades = (ASCII_SHADES if glyphs == "ascii" else SHADES)[1:]
    solid = colour and glyphs != "ascii"
    ys, columns = np.nonzero(levels.level >= 0)
    shown = levels.level[ys, columns]
    signs = ["█" if solid else shades[level * len(shades) // LEVELS] for level in shown.tolist()]
    for i, (y, x) in enumerate(zip(ys.tolist(), columns.tolist(), strict=True)):
        if levels.infinite[y, x]:
            signs[i] = LOST if glyphs != "ascii" else "x"
        elif levels.zero[y, x]:
            signs[i] = "·" if glyphs != "ascii" else "0"
    plot.cells(columns, ys, signs, RAMPS[figure.palette][shown].tolist())
    room = at.area.left - 1
    names = {}
    for line, rows in at.rows.named.items():
        name = figure.rows[rows.start]
        name = name if len(name) <= room else "…" + name[len(name) - room + 1 :]
        names[line] = safe(name, ascii=glyphs == "ascii")
    plot.names(names)
    plot.x_ticks(ticks_of(figure.x_scale, at.x.low, at.x.high, at.area.width // 10, X_LABEL), at.x)
    return _text(head, colour) + "\n" + plot.build(figure.x_label)


class _Plot:
    """One plotext figure whose axes count dots, so that nothing is scaled twice."""

    def __init__(
        self,
        area: Area,
        colour: bool,
        glyphs: GlyphSet,
        *,
        ascii: bool = False,
        y_line: bool = True,
    ) -> None:
        across, down = (2, 4) if glyphs == "braille" else (1, 1)
        self.area, self.colour = area, colour
        self.ascii = ascii or (glyphs == "ascii" and y_line)
        self.columns, self.rows = area.width * across, area.height * down
        self.room = area.left - 1 if y_line else area.left
        self.offset = ""
        import plotext

        # The class of plotext's figure, whose instances are figures of their own; the limit to
        # the terminal's size has no setter outside the process-wide figure.
        figure: Any = type(plotext.active())()
        figure._limit_size(False, False)
        figure.theme("clear")
        figure.plot_size(area.left + area.width, area.height + 2)
        figure.xaxes(True, False)
        figure.yaxes(y_line, False)
        figure.xlim(0, max(self.columns - 1, 1))
        figure.ylim(0, max(self.rows - 1, 1))
        if colour:
            figure.ticks_color(_rgb(QUIET))
        self.figure = figure

    def dots(self, dots: np.ndarray[Any, np.dtype[np.bool_]], marker: str, colour: int) -> None:
        """Light ``dots`` (rows, columns), row 0 at the top."""
        ys, xs = np.nonzero(dots)
        if xs.size:
            ys = self.rows - 1 - ys
            self.figure.scatter(xs.tolist(), ys.tolist(), marker=marker, color=self._colour(colour))

    def cells(
        self,
        columns: np.ndarray[Any, np.dtype[np.int64]],
        ys: np.ndarray[Any, np.dtype[np.int64]],
        signs: list[str],
        colours: list[int],
    ) -> None:
        """A character and a colour for each cell (column, row from the top)."""
        if signs:
            colours_ = [self._colour(colour) for colour in colours]
            self.figure.scatter(
                columns.tolist(), (self.rows - 1 - ys).tolist(), marker=signs, color=colours_
            )

    def guide(self, column: int, colour: int) -> None:
        """A vertical line under everything else."""
        self.figure.vertical_line(column, color=self._colour(colour))

    def y_ticks(self, ticks: Ticks, scale: Scale) -> None:
        """Labels in a gutter of fixed width."""
        labels: dict[int, str] = {}
        for value, label in zip(ticks.values, ticks.labels, strict=True):
            place = scale.place(value, self.area.height)
            if place is not None:
                labels.setdefault(place, label)
        self._set_y(labels)
        self.offset = ticks.offset.rjust(self.room)

    def names(self, names: dict[int, str]) -> None:
        """Row names by line from the top."""
        self._set_y({self.area.height - 1 - line: name for line, name in names.items()}, left=True)

    def _set_y(self, labels: dict[int, str], left: bool = False) -> None:
        step = self.rows // max(self.area.height, 1)
        pad = str.ljust if left else str.rjust
        # plotext sizes its gutter by the longest label; a padded one fixes it.
        texts = [pad(label[: self.room], self.room) for label in labels.values()]
        self.figure.yticks([place * step + (step - 1) / 2 for place in labels], texts)

    def x_ticks(self, ticks: Ticks, scale: Scale) -> None:
        """Labels under the axis; those that would touch are left out by plotext."""
        labelled = zip(ticks.values, ticks.labels, strict=True)
        places = [(scale.place(value, self.columns), label) for value, label in labelled]
        kept = [(place, label) for place, label in places if place is not None]
        self.figure.xticks([place for place, _ in kept], [label for _, label in kept])

    def build(self, x_label: str) -> str:
        """The lines of the plot, ``x_label`` in the gutter beside the tick labels."""
        lines = str(self.figure.build()).rstrip("\n").split("\n")
        name = x_label[: self.area.left - 1].rjust(self.area.left - 1)
        if lines[-1].startswith(" " * len(name)):
            lines[-1] = name + lines[-1][len(name) :]
        if self.offset.strip():
            axis = lines[-2] if len(self.offset) == self.room else _ESCAPE.sub("", lines[-2])
            lines[-2] = self.offset + axis[len(self.offset) :]
        if not self.colour:
            lines = [_ESCAPE.sub("", line).rstrip() for line in lines]
        if self.ascii:
            lines = [line.translate(_ASCII) for line in lines]
        return "\n".join(lines)

    def _colour(self, colour: int) -> Any:
        return _rgb(colour) if self.colour else "default"


def _marks_line(figure: Figure, width: int, glyphs: GlyphSet) -> str:
    """What the guides are, in words: there is no room for a label in plotext's plot."""
    texts = [
        f"{glyph_of(mark, glyphs)} {x_text(mark.x, figure.x_scale == 'time')} "
        f"{mark.label or mark.kind}"
        for mark in figure.marks
        if mark_style(mark.kind).guide and np.isfinite(mark.x)
    ]
    line, said = "   ".join(texts), len(texts)
    while len(line) > width and said > 1:
        said -= 1
        line = "   ".join([*texts[:said], f"+{len(texts) - said}"])
    return line


def glyph_of(mark: Mark, glyphs: GlyphSet) -> str:
    """The sign of a mark's kind."""
    style = mark_style(mark.kind)
    return style.ascii if glyphs == "ascii" else style.glyph


def _empty(head: Canvas, height: int, text: str, curves: list[Curve], colour: bool) -> str:
    body = Canvas(head.width, height - head.height, ascii=head.ascii)
    lost = any(curve.lost_count for curve in curves)
    draw_empty(body, 0, body.height, "no finite value yet" if lost else text)
    return _text(head, colour) + "\n" + _text(body, colour)


def _text(canvas: Canvas, colour: bool) -> str:
    return canvas.ansi() if colour else canvas.text()


def _rgb(colour: int) -> tuple[int, int, int]:
    return colour >> 16, (colour >> 8) & 255, colour & 255
