"""Cells whose colour is a number, and the scale that says which: what maps are drawn with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuiwb.plots.canvas import BOLD, Canvas
from tuiwb.plots.figure import Palette
from tuiwb.plots.frame import Area
from tuiwb.plots.palette import ALARM, ASCII_SHADES, LEVELS, LOST, QUIET, RAMPS, SHADES
from tuiwb.plots.resample import Grid

_BAR = (12, 8, 5)  # lengths of the colour scale
_UPPER, _LOWER = ord("▀"), ord("▄")


def bar_room(ends: Sequence[str]) -> int:
    """Columns that the shortest colour scale takes."""
    return sum(map(len, ends)) + _BAR[-1] + 4


def draw_bar(canvas: Canvas, palette: Palette, ends: Sequence[str], colour: bool) -> None:
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
            bar = Grid(levels, levels < 0, levels < 0)
            place = Area(start + len(low) + 1, 0, size, 1)
            draw_cells(canvas, place, bar, palette, colour)
            return
    if len(low) + len(high) + 2 <= free:
        canvas.put(0, canvas.width - len(low) - len(high) - 2, f"{low}..{high}", QUIET)


def draw_cells(canvas: Canvas, area: Area, cells: Grid, palette: Palette, colour: bool) -> None:
    """One cell a value: a coloured blank where there is colour, else a shade."""
    place = (slice(area.top, area.top + area.height), slice(area.left, area.left + area.width))
    measured = cells.level >= 0
    ramp = RAMPS[palette][np.maximum(cells.level, 0)]
    codes, fg, bg = canvas.codes[place], canvas.fg[place], canvas.bg[place]
    if colour and not canvas.ascii:
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


def draw_halves(canvas: Canvas, area: Area, cells: Grid, palette: Palette) -> None:
    """Two values a cell, one above the other."""
    place = (slice(area.top, area.top + area.height), slice(area.left, area.left + area.width))
    ramp = RAMPS[palette][np.maximum(cells.level, 0)]
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
