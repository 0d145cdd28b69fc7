"""Slices: the metric over each knob alone, a point a trial, later ones brighter."""

from __future__ import annotations

import numpy as np

from tuiwb.plots.arrays import Arrays
from tuiwb.plots.canvas import BOLD, Canvas
from tuiwb.plots.palette import LEVELS, QUIET, RAMPS
from tuiwb.plots.pictures.look import Drawn, Look, levels_of
from tuiwb.plots.pictures.trials import BEST, Axis, Trials, read

_LEAST = 18
"""Cells of a panel below which fewer knobs are shown."""
_GUTTER = 7


def draw(arrays: Arrays, width: int, height: int, look: Look) -> Drawn:
    """See `trials.read`; one panel a knob side by side, with the metric's axis on the left."""
    trials = read(arrays)
    canvas = look.canvas(width, height)
    room, rows = width - _GUTTER, height - 3
    if rows < 2 or room < _LEAST // 2:
        canvas.put(0, 0, "no room", QUIET)
        return Drawn(canvas)
    shown = max(1, min(len(trials.axes), room // _LEAST))
    each = room // shown
    canvas.put(0, 0, trials.metric.high.rjust(_GUTTER - 1), QUIET)
    canvas.put(rows - 1, 0, trials.metric.low.rjust(_GUTTER - 1), QUIET)
    for i, axis in enumerate(trials.axes[:shown]):
        _panel(canvas, _GUTTER + i * each, each - 2, rows, trials, i, axis, look)
    notes = [trials.note] if trials.note else []
    notes += [f"{shown} of {len(trials.axes)} knobs"] if shown < len(trials.axes) else []
    return Drawn(canvas, "  ".join(notes))


def _panel(
    canvas: Canvas, left: int, width: int, rows: int, trials: Trials, which: int, axis: Axis,
    look: Look,
) -> None:  # fmt: skip
    for y in range(rows):
        canvas.put(y, left, "│", QUIET)
    canvas.put(rows, left, "└" + "─" * (width - 1), QUIET)
    inner = width - 2
    xs = left + 1 + (trials.places[:, which] * (inner - 1)).round().astype(int)
    ys = ((1 - trials.results) * (rows - 1)).round().astype(int)
    ages = RAMPS["viridis"][levels_of(np.linspace(0, 1, len(xs)), LEVELS)].tolist()
    dot, best = ("o", "#") if look.glyphs == "ascii" else ("•", "◆")
    for x, y, colour in zip(xs.tolist(), ys.tolist(), ages, strict=True):
        canvas.put(y, x, dot, colour if look.colour else -1)
    at = trials.best
    canvas.put(int(ys[at]), int(xs[at]), best, BEST if look.colour else -1, attr=BOLD)
    low, high = axis.low, axis.high
    canvas.put(rows + 1, left, low[:inner], QUIET)
    if len(low) + len(high) + 1 <= width:
        canvas.put(rows + 1, left + width - len(high), high, QUIET)
    name = axis.name if len(axis.name) <= width else "…" + axis.name[len(axis.name) - width + 1 :]
    canvas.put(rows + 2, left + max(0, (width - len(name)) // 2), name, attr=BOLD)
