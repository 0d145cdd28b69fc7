"""The metric over two knobs: its height in colour between the trials, and the trials on it."""

from __future__ import annotations

import numpy as np

from tuiwb.plots.arrays import Arrays
from tuiwb.plots.canvas import BOLD, Canvas
from tuiwb.plots.palette import LEVELS, QUIET, RAMPS
from tuiwb.plots.pictures.look import Drawn, Look, coloured, levels_of, put_pixels, put_shades
from tuiwb.plots.pictures.trials import BEST, Trials, read
from tuiwb.plots.scales import Floats

_NEAR = 1e-4
_POWER = 1.5
"""Of the square of a distance: how much faster than its neighbours a trial loses its say."""
_MOST = 2000


def draw(arrays: Arrays, width: int, height: int, look: Look) -> Drawn:
    """See `trials.read`, of which the first two knobs count. Between trials the metric is a mean
    by inverse distance (Shepard 1968); bright is good."""
    trials = read(arrays)
    canvas = look.canvas(width, height)
    if len(trials.axes) < 2:
        canvas.put(0, 0, "two knobs make a map", QUIET)
        return Drawn(canvas, trials.note)
    x, y = trials.axes[:2]
    gutter = min(max(len(y.low), len(y.high)) + 1, max(0, width // 3))
    rows, columns = height - 2, width - gutter
    if rows < 1 or columns < 4:
        canvas.put(0, 0, "no room", QUIET)
        return Drawn(canvas, trials.note)
    unit = _between(trials, 2 * rows, columns)
    if look.colour:
        pixels = coloured(levels_of(unit, LEVELS), RAMPS["viridis"])
        put_pixels(canvas, 0, gutter, pixels, look)
    else:
        put_shades(canvas, 0, gutter, unit[::2], look)
    _points(canvas, trials, gutter, rows, columns, look)
    canvas.put(0, 0, y.high[: gutter - 1].rjust(gutter - 1), QUIET)
    canvas.put(rows - 1, 0, y.low[: gutter - 1].rjust(gutter - 1), QUIET)
    canvas.put(rows, gutter, x.low, QUIET)
    canvas.put(rows, max(gutter, width - len(x.high)), x.high, QUIET)
    up = "^" if look.glyphs == "ascii" else "↑"
    canvas.put(rows + 1, gutter, f"{x.name} across, {y.name} {up}", attr=BOLD)
    best, worst = trials.metric.low, trials.metric.high
    best, worst = (best, worst) if trials.falling else (worst, best)
    note = f"{trials.metric.name}: dark {worst}, bright {best}"
    return Drawn(canvas, "  ".join(filter(None, (note, trials.note))))


def _between(trials: Trials, height: int, width: int) -> Floats:
    """The goodness at each pixel, rows from the top."""
    px = np.linspace(0, 1, width)[None, :, None]
    py = np.linspace(1, 0, height)[:, None, None]
    latest = slice(-_MOST, None)
    far = (px - trials.places[latest, 0]) ** 2 + (py - trials.places[latest, 1]) ** 2
    weight = 1.0 / (far + _NEAR) ** _POWER
    unit: Floats = (weight * trials.goodness[latest]).sum(axis=2) / weight.sum(axis=2)
    return unit


def _points(
    canvas: Canvas, trials: Trials, gutter: int, rows: int, columns: int, look: Look
) -> None:
    dot, best = ("o", "#") if look.glyphs == "ascii" else ("•", "◆")
    xs = gutter + (trials.places[:, 0] * (columns - 1)).round().astype(int)
    ys = ((1 - trials.places[:, 1]) * (rows - 1)).round().astype(int)
    for i, (x, y) in enumerate(zip(xs.tolist(), ys.tolist(), strict=True)):
        if i != trials.best:
            canvas.put(y, x, dot, 0x101010 if look.colour else -1, int(canvas.bg[y, x]))
    y, x = int(ys[trials.best]), int(xs[trials.best])
    canvas.put(y, x, best, BEST if look.colour else -1, int(canvas.bg[y, x]), BOLD)
