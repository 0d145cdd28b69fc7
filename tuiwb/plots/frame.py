"""What surrounds a plot: where its cells lie, the axes, the marks and the cursor."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tuiwb.plots.canvas import BOLD, REVERSE, Canvas
from tuiwb.plots.figure import Mark
from tuiwb.plots.numbers import short
from tuiwb.plots.numbers import span as time_text
from tuiwb.plots.palette import DEFAULT, QUIET, MarkStyle, mark_style
from tuiwb.plots.scales import Scale, cells
from tuiwb.plots.ticks import Ticks

X_LABEL = 9
"""Characters of a label of the x axis, of which one is given ten columns."""
_BLANK = ord(" ")


@dataclass(frozen=True)
class Area:
    """The cells of a plot inside a canvas: the axis stands in column ``left - 1`` and row
    ``top + height`` (where ``axes`` says that there is room for it)."""

    left: int
    top: int
    width: int
    height: int
    right: int = 0
    axes: bool = True
    labels: bool = True

    @property
    def axis_row(self) -> int:
        """The row under the plot, where the x axis and the marks are."""
        return self.top + self.height

    def column(self, x: float, scale: Scale) -> int | None:
        """The canvas column that shows ``x``, or None outside."""
        place = scale.place(x, self.width)
        return None if place is None else self.left + place

    def row(self, y: float, scale: Scale) -> int | None:
        """The canvas row that shows ``y``, or None outside."""
        place = scale.place(y, self.height)
        return None if place is None else self.top + self.height - 1 - place

    def x_at(self, column: int, scale: Scale) -> float:
        """The x at the middle of a canvas ``column``: for the mouse, and to step a cursor."""
        place = min(max(column - self.left, 0), max(self.width - 1, 0))
        return scale.value(place / max(self.width - 1, 1))


def lay_out(width: int, height: int, gutter: int, right: int, header: int = 1) -> Area:
    """The plot's place in ``width`` x ``height``: under ``header`` rows, over the axis and its
    labels as far as there is height for them, right of ``gutter`` and the axis line."""
    axes, labels = height - header >= 3, height - header >= 4
    left = gutter + 1 if gutter else 0
    plot_height = height - header - axes - labels
    return Area(
        left, header, max(0, width - left - right), max(0, plot_height), right, axes, labels
    )


def gutter_for(width: int) -> int:
    """Columns for y labels: fixed by the width alone, so that no label ever moves the plot."""
    return 6 if width >= 36 else 5 if width >= 18 else 0


def draw_axes(
    canvas: Canvas, area: Area, y_ticks: Sequence[tuple[int, str]], y_line: bool = True
) -> None:
    """The two axis lines, and y labels right-aligned in the gutter at their canvas rows."""
    if y_line and area.left:
        body = slice(area.top, area.top + area.height)
        canvas.codes[body, area.left - 1] = ord("|" if canvas.ascii else "│")
        canvas.fg[body, area.left - 1] = QUIET
    for y, label in y_ticks if area.left else ():
        room = area.left - 1
        canvas.put(y, 0, label[:room].rjust(room) + ("┤" if y_line else ""), QUIET)
    if area.axes:
        corner = "└" if area.left else ""
        canvas.put(area.axis_row, area.left - len(corner), corner + "─" * area.width, QUIET)


def draw_x_ticks(canvas: Canvas, area: Area, ticks: Ticks, scale: Scale, name: str) -> None:
    """Tick signs on the axis row and labels centred under them; ``name`` sits in the gutter."""
    if not area.axes:
        return
    end = 0
    if area.labels and area.left > 2:
        name = name if len(name) < area.left else name[: area.left - 2] + "…"
        canvas.put(area.axis_row + 1, 0, name.rjust(area.left - 1), QUIET)
        end = area.left - 1
    for value, label in zip(ticks.values, ticks.labels, strict=True):
        column = area.column(value, scale)
        if column is None:
            continue
        start = max(0, min(column - (len(label) - 1) // 2, canvas.width - len(label)))
        if area.labels and start <= end and end:
            continue
        canvas.put(area.axis_row, column, "┬", QUIET)
        if area.labels:
            canvas.put(area.axis_row + 1, start, label, QUIET)
            end = start + len(label)


def draw_offsets(canvas: Canvas, area: Area, x: str, y: str) -> None:
    """What is to be done to the labels (`Ticks.offset`), on the axis row: those of the y axis from
    the gutter on, those of the x axis at its end."""
    if area.axes and area.left:
        canvas.put(area.axis_row, 0, y.rjust(area.left - 1) if y else "")
    if area.axes and x:
        canvas.put(area.axis_row, max(area.left, area.left + area.width - len(x)), x)


def draw_marks(
    canvas: Canvas, area: Area, marks: Iterable[Mark], scale: Scale, guides: bool = True
) -> None:
    """Each mark's glyph on the axis row, its guide through the blank cells above, and its label
    beside the guide where the plot leaves the room; without ``guides`` the glyphs alone."""
    placed: dict[int, tuple[Mark, MarkStyle]] = {}
    marks = list(marks)
    at = cells(scale.unit([mark.x for mark in marks]), area.width)
    for mark, place in zip(marks, at.tolist(), strict=True):
        if not 0 <= place < area.width:
            continue
        column = area.left + place
        there, style = placed.get(column), mark_style(mark.kind)
        if there is None or style.rank >= there[1].rank:
            placed[column] = mark, style
    body = slice(area.top, area.top + area.height)
    guide = ord(":" if canvas.ascii else "╎")
    blank = canvas.codes[body] == _BLANK
    row = area.axis_row
    for column, (_, style) in placed.items():
        if style.guide and guides:
            free = blank[:, column]
            canvas.codes[body, column][free] = guide
            canvas.fg[body, column][free] = QUIET
        if area.axes and row < canvas.height:  # what `put` does, many times a frame
            canvas.codes[row, column] = ord(style.ascii if canvas.ascii else style.glyph)
            canvas.fg[row, column], canvas.bg[row, column] = style.colour, DEFAULT
            canvas.attr[row, column] = BOLD
    for column, (mark, style) in placed.items() if guides else ():
        if mark.label and style.guide:
            _label(canvas, area, column, mark.label)


def _label(canvas: Canvas, area: Area, column: int, label: str) -> None:
    """Write ``label`` right of the guide, in the first rows from the top where nothing is."""
    end = column + 1 + len(label)
    if end > area.left + area.width:
        return
    for y in range(area.top, area.top + min(area.height, 4)):
        if (canvas.codes[y, column + 1 : min(end + 1, canvas.width)] == _BLANK).all():
            canvas.put(y, column + 1, label, QUIET)
            return


def draw_cursor(
    canvas: Canvas, area: Area, x: float, scale: Scale, time: bool, over: bool = False
) -> None:
    """A line through the plot at ``x``, and ``x`` itself among the tick labels.

    What the line meets is shown reversed; or is replaced by the line if ``over``, as on a map.
    """
    column = area.column(x, scale) if math.isfinite(x) else None
    if column is None:
        return
    body = slice(area.top, area.top + area.height)
    free = canvas.codes[body, column] == _BLANK
    sign = ord("|" if canvas.ascii else "│")
    if over:
        behind = canvas.bg[body, column]
        light = ((behind >> 16 & 255) * 2 + (behind >> 8 & 255) * 7 + (behind & 255)) > 1280
        canvas.fg[body, column] = np.where(behind < 0, DEFAULT, np.where(light, 0, 0xFFFFFF))
        canvas.codes[body, column] = sign
    else:
        canvas.codes[body, column][free] = sign
        canvas.fg[body, column][free] = DEFAULT
        canvas.attr[body, column] |= np.where(free, 0, REVERSE).astype(np.uint8)
    if area.labels:
        text = f" {x_text(x, time)} "
        start = max(0, min(column - len(text) // 2, canvas.width - len(text)))
        # A tick label that is half covered would read as another number.
        _clear_word(canvas, area.axis_row + 1, start - 1)
        _clear_word(canvas, area.axis_row + 1, start + len(text))
        canvas.put(area.axis_row + 1, start, text, attr=REVERSE)


def _clear_word(canvas: Canvas, y: int, x: int) -> None:
    """Blank the word that covers cell (y, x), if one does."""
    for step in (-1, 1):
        at = x
        while 0 <= at < canvas.width and canvas.codes[y, at] != _BLANK:
            at += step
        if step < 0:
            first = at + 1
    canvas.codes[y, first:at] = _BLANK if first < at else canvas.codes[y, first:at]


def x_text(x: float, time: bool = False) -> str:
    """A position on the x axis: whole steps in full, times as an axis writes them."""
    if time:
        return time_text(float(f"{x:.4g}") if abs(x) < 1000 else x)
    return str(int(x)) if abs(x) < 1e9 and x == int(x) else short(x, 7)


def draw_empty(canvas: Canvas, top: int, height: int, text: str) -> None:
    """``text`` in the middle of the rows from ``top``, wrapped at words if it must be."""
    room = canvas.width - 2
    if room < 1 or height < 1:
        return
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= room:
            lines[-1] += " " + word
        else:
            lines.append(word[:room])
    lines = lines[:height]
    first = top + (height - len(lines)) // 2
    for y, line in enumerate(lines, first):
        canvas.put(y, (canvas.width - len(line)) // 2, line, QUIET)
