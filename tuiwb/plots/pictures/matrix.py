"""A table of values as colours: confusion, attention, likeness, states over time."""

from __future__ import annotations

import numpy as np

from tuiwb.plots.arrays import Arrays
from tuiwb.plots.canvas import Canvas, Packed
from tuiwb.plots.numbers import short
from tuiwb.plots.palette import LOST, QUIET, RAMPS
from tuiwb.plots.pictures.look import (
    DIVERGING,
    Drawn,
    Look,
    coloured,
    levels_of,
    light,
    put_pixels,
    put_shades,
)
from tuiwb.plots.scales import SMALLEST, Floats, Scale

_WIDEST = 8
"""Columns of a cell at most."""
_NAMES = 200
"""Rows or columns beyond which none is named."""


def draw(arrays: Arrays, width: int, height: int, look: Look) -> Drawn:
    """``values`` [R, C]; ``rows``, ``columns`` their names; ``scale`` "log10" or "linear".

    Numbers stand in the cells where they fit. More rows or columns than there is room for share
    cells, which show the value that is largest away from 0.
    """
    values = arrays.floats("values", "RC")
    rows = arrays.names("rows", min(values.shape[0], _NAMES))
    columns = arrays.names("columns", min(values.shape[1], _NAMES))
    log = arrays.word("scale", "linear") == "log10"
    canvas = look.canvas(width, height)
    infinite = int(np.isinf(values).sum())
    note = [f"{LOST} {infinite} infinite"] if infinite else []
    values = np.where(np.isinf(values), np.nan, values)
    if np.isnan(values).all():
        canvas.put(0, 0, "no finite value", QUIET)
        return Drawn(canvas, "  ".join(note))
    level, colours, ends = _levels(values, log)
    left = min(max(map(len, rows)), width // 4) + 1 if width >= 16 else 0
    top = 1 if height >= 4 else 0
    wide = max(1, min(_WIDEST, (width - left) // values.shape[1]))
    texts = _texts(values) if values.size <= 4096 else []
    numbers = bool(texts) and max(map(len, texts)) < wide and values.shape[0] <= height - top
    bar = 1 if height >= 5 and not numbers else 0  # numbers say more than a scale
    room = max(0, height - top - bar), max(0, width - left)
    if not all(room):
        return Drawn(canvas)
    tall = max(1, min(room[0] // values.shape[0], wide // 2, 3))
    halves = look.halves and not numbers and values.shape[0] > room[0]
    down, across = room[0] * (2 if halves else 1), room[1]
    for axis, most in ((0, down), (1, across)):
        shared = -(-level.shape[axis] // most)
        if shared > 1:
            level = _merged(level, shared, axis)
            note.append(f"{shared} {('rows', 'columns')[axis]} share a cell")
    if halves:
        pixels = coloured(levels_of(level, len(colours)), colours).repeat(wide, axis=1)
        put_pixels(canvas, top, left, pixels, look)
    else:
        cells = level.repeat(tall, axis=0).repeat(wide, axis=1)
        _fill(canvas, top, left, cells, colours, look, numbers)
    if numbers:
        for i, text in enumerate(texts):
            row, column = divmod(i, values.shape[1])
            y, x = top + row * tall + (tall - 1) // 2, left + column * wide
            _write(canvas, y, x, text.rjust(wide - 1) + " ", look)
    step = (1 / 2 if halves else tall) * level.shape[0] / values.shape[0]
    _names_down(canvas, rows if len(rows) == values.shape[0] else [], top, left, step, tall)
    if top and len(columns) == values.shape[1] == level.shape[1]:
        _names_across(canvas, columns, left, wide)
    if bar:
        _scale(canvas, ends, colours, look, note)
    return Drawn(canvas, "  ".join(note))


def _levels(values: Floats, log: bool) -> tuple[Floats, Packed, tuple[float, float]]:
    """Values as 0..1, the colours that stand for it, and the values at its ends.

    Values on both sides of 0 have 0 in the middle; a log10 scale ignores what is not above it.
    """
    known = values[~np.isnan(values)]
    low, high = float(known.min()), float(known.max())
    if log and high > SMALLEST:
        low = max(float(known[known > 0].min()), high * 1e-12, SMALLEST)
        unit = Scale(low, high, log=True).unit(np.where(values > 0, values, low))
        unit = np.where(np.isnan(values), np.nan, unit)
        return unit, RAMPS["viridis"], (low, high)
    if low < 0 < high:
        far = max(-low, high)
        return Scale(-far, far).unit(values), DIVERGING, (-far, far)
    if low == high:
        low, high = min(low, 0.0), max(high, 0.0)
    return Scale(low, high).unit(values), RAMPS["viridis"], (low, high)


def _merged(level: Floats, shared: int, axis: int) -> Floats:
    edges = np.arange(0, level.shape[axis], shared)
    high = np.fmax.reduceat(level, edges, axis=axis)
    low = np.fmin.reduceat(level, edges, axis=axis)
    return np.where(0.5 - low > high - 0.5, low, high) if (level < 0.5).any() else high


def _texts(values: Floats) -> list[str]:
    """The values as short as they can be read: whole ones whole, shares as .93."""
    known = values[~np.isnan(values)]
    if (known == np.rint(known)).all() and np.abs(known).max() < 1e5:
        return ["" if np.isnan(v) else f"{v:.0f}" if v else "·" for v in values.ravel()]
    if np.abs(known).max() <= 1:
        return [_share(v) for v in values.ravel()]
    return ["" if np.isnan(v) else short(float(v), 5) for v in values.ravel()]


def _share(value: float) -> str:
    if np.isnan(value):
        return ""
    text = f"{value:.2f}"
    return "·" if float(text) == 0 else text.replace("0.", ".", 1)


def _fill(
    canvas: Canvas, top: int, left: int, cells: Floats, colours: Packed, look: Look, numbers: bool
) -> None:
    """One value a cell: a coloured blank, or a shade; where numbers will stand, nothing else."""
    cells = cells[: canvas.height - top, : canvas.width - left]
    place = (slice(top, top + cells.shape[0]), slice(left, left + cells.shape[1]))
    tints = coloured(levels_of(cells, len(colours)), colours)
    if look.halves:
        canvas.bg[place] = tints
    elif not numbers:
        put_shades(canvas, top, left, cells, look)
        if look.colour:
            canvas.fg[place] = tints


def _write(canvas: Canvas, y: int, x: int, text: str, look: Look) -> None:
    """A number in its cell, dark on bright and bright on dark."""
    behind = canvas.bg[y, x : x + len(text)].copy()
    canvas.put(y, x, text)
    if look.halves and behind.size:
        bright = light(behind) > 0.45
        ink = np.where(bright, 0, QUIET if "·" in text else 0xFFFFFF)
        canvas.fg[y, x : x + len(text)] = np.where(behind < 0, -1, ink)
    canvas.bg[y, x : x + len(text)] = behind


def _names_down(
    canvas: Canvas, rows: list[str], top: int, left: int, step: float, tall: int
) -> None:
    """Names at the left, one a line: where rows share a line, the first one's."""
    taken = -1
    for i, name in enumerate(rows if left else []):
        y = top + int(i * step) + (tall - 1) // 2
        if y > taken and y < canvas.height:
            name = name if len(name) < left else name[: left - 2] + "…"
            canvas.put(y, 0, name.rjust(left - 1), QUIET)
            taken = y


def _names_across(canvas: Canvas, columns: list[str], left: int, wide: int) -> None:
    """Names above, as much of each as its column holds; where they are longer and columns are
    narrow, those that have room."""
    if max(map(len, columns)) > wide > 4:
        columns = [name if len(name) < wide else name[: wide - 2] + "…" for name in columns]
    end, gap = 0, int(max(map(len, columns)) > wide)
    for i, name in enumerate(columns):
        x = left + i * wide + max(0, (wide - len(name)) // 2)
        if x >= end and x + len(name) <= canvas.width:
            canvas.put(0, x, name, QUIET)
            end = x + len(name) + gap


def _scale(
    canvas: Canvas, ends: tuple[float, float], colours: Packed, look: Look, note: list[str]
) -> None:
    """The colours and the values at their ends, in the last row."""
    low, high = (short(end, 6) for end in ends)
    size = 12
    if len(low) + len(high) + size + 2 > canvas.width:
        return
    y, x = canvas.height - 1, len(low) + 1
    canvas.put(y, 0, low, QUIET)
    _fill(canvas, y, x, np.linspace(0, 1, size)[None], colours, look, False)
    canvas.codes[y, x + size :] = ord(" ")
    canvas.bg[y, x + size :] = -1
    canvas.put(y, x + size + 1, high, QUIET)
