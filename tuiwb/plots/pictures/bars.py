"""Horizontal bars: one value a name."""

from __future__ import annotations

import numpy as np

from tuiwb.plots.arrays import Arrays
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.numbers import short
from tuiwb.plots.palette import LOST, QUIET
from tuiwb.plots.pictures.look import BLUE, ORANGE, Drawn, Look
from tuiwb.plots.scales import Scale

_NUMBER = 7
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def draw(arrays: Arrays, width: int, height: int, look: Look) -> Drawn:
    """``values`` [N], ``names``; the first ones where there are more than rows, and how many more.

    Bars grow from 0, to the left where a value is below it.
    """
    values = arrays.floats("values", "N")
    canvas = look.canvas(width, height)
    rows = len(values) if len(values) <= height else max(1, height - 1)
    shown = values[:rows]
    names = arrays.names("names", rows)
    finite = shown[np.isfinite(shown)]
    low, high = (min(0.0, *finite), max(0.0, *finite)) if len(finite) else (0.0, 1.0)
    scale = Scale(float(low), float(high) if high > low else 1.0)
    gutter = min(max(map(len, names)), max(4, width // 3)) if width >= 14 else 0
    room = width - gutter - _NUMBER - 2
    for y, (name, value) in enumerate(zip(names, shown.tolist(), strict=True)):
        name = name if len(name) <= gutter else name[: max(0, gutter - 1)] + "…"
        canvas.put(y, 0, name.rjust(gutter), QUIET) if gutter else None
        good = bool(np.isfinite(value))
        if good and room > 0:
            _bar(canvas, y, gutter + 1, room, value, scale, look)
        text = short(value, _NUMBER) if good else f"{LOST} {value}"
        canvas.put(y, max(0, width - _NUMBER), text.rjust(_NUMBER)[-max(width, 1) :])
    if rows < len(values) and height > rows:
        canvas.put(rows, 0, f"and {len(values) - rows} more", QUIET)
    return Drawn(canvas)


def _bar(
    canvas: Canvas, y: int, left: int, room: int, value: float, scale: Scale, look: Look
) -> None:
    """From 0 to ``value``: whole cells, and to the right an eighth of one exactly."""
    zero, end = (float(unit) * room for unit in scale.unit(np.array([0.0, value])))
    colour = (BLUE if value >= 0 else ORANGE) if look.colour else -1
    if look.glyphs == "ascii":
        first, last = sorted((round(zero), round(end)))
        canvas.put(y, left + first, "#" * (last - first), colour)
    elif value >= 0:
        first = round(zero)
        whole, part = divmod(max(0, round((end - first) * 8)), 8)
        part = part if look.glyphs == "braille" else 4 * (part >= 4)
        canvas.put(y, left + first, "█" * whole + _EIGHTHS[part].strip(), colour)
    else:
        first, last = round(end), round(zero)
        canvas.put(y, left + first, "█" * (last - first), colour)
