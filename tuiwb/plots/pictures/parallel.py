"""Parallel coordinates: an axis a knob and one for the metric, a line a trial, the best on top."""

from __future__ import annotations

import numpy as np

from tuiwb.plots.arrays import Arrays
from tuiwb.plots.canvas import BOLD, Canvas
from tuiwb.plots.palette import QUIET
from tuiwb.plots.pictures.look import Drawn, Look
from tuiwb.plots.pictures.trials import BEST, Trials, read
from tuiwb.plots.raster import CELL, characters, pack

_MOST = 2000
"""Lines that are drawn, the best ones."""
_FINE = 4
"""Samples a dot column, so that a steep line has no gaps."""
_APART = 8
"""Cells between two axes below which the last knobs are left out."""


def draw(arrays: Arrays, width: int, height: int, look: Look) -> Drawn:
    """See `trials.read`. The better a trial, the brighter its line."""
    trials = read(arrays)
    canvas = look.canvas(width, height)
    knobs = min(len(trials.axes), max(1, width // _APART - 1))
    note = [trials.note] if trials.note else []
    note += [f"{knobs} of {len(trials.axes)} knobs"] if knobs < len(trials.axes) else []
    top, rows = 2, height - 3
    if rows < 1 or width < 2 * _APART:
        canvas.put(0, 0, "no room", QUIET)
        return Drawn(canvas, "  ".join(note))
    places = np.column_stack([trials.places[:, :knobs], trials.results])
    axes = (*trials.axes[:knobs], trials.metric)
    columns = [round(i * (width - 1) / knobs) for i in range(knobs + 1)]
    _axes(canvas, columns, top, rows)
    _lines(canvas, places, trials, columns, top, rows, look)
    for i, (axis, column) in enumerate(zip(axes, columns, strict=True)):
        for y, text, attr in ((0, axis.name, BOLD), (1, axis.high, 0), (top + rows, axis.low, 0)):
            _label(canvas, y, column, text, i, columns, attr)
    return Drawn(canvas, "  ".join(note))


def _axes(canvas: Canvas, columns: list[int], top: int, rows: int) -> None:
    for column in columns:
        for y in range(rows):
            canvas.put(top + y, column, "│", QUIET)


def _label(
    canvas: Canvas, y: int, column: int, text: str, place: int, columns: list[int], attr: int
) -> None:
    """At its axis: from it at the left end, up to it at the right end, else around it."""
    room = columns[1] - columns[0] - 1
    text = text if len(text) <= room else text[len(text) - room + 1 :].rjust(room, "…")
    last = place == len(columns) - 1
    x = column if place == 0 else column - len(text) + 1 if last else column - len(text) // 2
    canvas.put(y, max(0, min(x, canvas.width - len(text))), text, -1 if attr else QUIET, attr=attr)


def _lines(
    canvas: Canvas, places: np.ndarray, trials: Trials, columns: list[int], top: int, rows: int,
    look: Look,
) -> None:  # fmt: skip
    across, down = CELL[look.glyphs]
    dots = np.zeros((1, rows * down, canvas.width * across), dtype=np.bool_)
    owner = np.full((rows, canvas.width), -1)
    order = np.argsort(trials.goodness, kind="stable")[-_MOST:].tolist()
    order.remove(trials.best)
    fine = np.arange((columns[-1] + 1) * across * _FINE) / (across * _FINE)
    xs = np.minimum((fine * across).astype(int), dots.shape[2] - 1)
    for trial in (*order, trials.best):  # the best last: it is on top
        unit = np.interp(fine, columns, places[trial])
        ys = np.clip(((1 - unit) * (rows * down - 1)).round().astype(int), 0, rows * down - 1)
        dots[0, ys, xs] = True
        owner[ys // down, xs // across] = trial
    lit = owner >= 0
    place = (slice(top, top + rows), slice(0, canvas.width))
    best = lit & (owner == trials.best)
    if look.glyphs == "ascii":
        canvas.codes[place][lit] = ord(".")
        canvas.codes[place][best] = ord("*")
    else:
        canvas.codes[place][lit] = characters(pack(dots, look.glyphs)[0], look.glyphs)[lit]
    if look.colour:
        canvas.fg[place][lit] = trials.colours[owner[lit]]
        canvas.fg[place][best] = BEST
    canvas.attr[place][best] = BOLD
