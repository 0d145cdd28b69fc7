"""Points in the plane, groups by colour: codes, samples, answers against targets."""

from __future__ import annotations

import numpy as np

from tuiwb.plots import ticks
from tuiwb.plots.arrays import Arrays
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.frame import Area, draw_axes, draw_x_ticks, gutter_for, lay_out
from tuiwb.plots.palette import LOST, QUIET, series_colour
from tuiwb.plots.pictures.look import Drawn, Look, put_legend
from tuiwb.plots.raster import CELL, characters, pack
from tuiwb.plots.scales import Floats, Scale, cells

_SIGNS = "ox+*#@%&$=~"
"""A group's character where there are no dots or no colours."""
_GROUPS = 40
"""Groups that are told apart; the rest looks like the last of them."""


def draw(arrays: Arrays, width: int, height: int, look: Look) -> Drawn:
    """``points`` [N, 2]; ``groups`` [N] numbers; ``names`` of the groups."""
    points = arrays.floats("points", "N2")
    groups = np.clip(arrays.labels("groups", len(points)), 0, _GROUPS - 1)
    names = arrays.names("names", int(groups.max()) + 1) if "groups" in arrays else []
    good = np.isfinite(points).all(axis=1)
    note = f"{LOST} {int((~good).sum())} not finite" if not good.all() else ""
    points, groups = points[good], groups[good]
    canvas = look.canvas(width, height)
    if not len(points):
        canvas.put(0, 0, "no finite point", QUIET)
        return Drawn(canvas, note)
    signs = look.glyphs == "ascii" or (not look.colour and len(names) > 1)
    legend = 1 if len(names) > 1 and height >= 4 else 0
    area = lay_out(width, height - legend, gutter_for(width), 0, 0)
    if not area.width or not area.height:
        return Drawn(canvas, note)
    x, y = _range(points[:, 0]), _range(points[:, 1])
    _axes(canvas, area, x, y)
    _dots(canvas, area, points, groups, x, y, look, signs)
    if legend:
        put_legend(canvas, height - 1, names, _SIGNS if signs else "●")
    return Drawn(canvas, note)


def _range(values: Floats) -> Scale:
    low, high = float(values.min()), float(values.max())
    margin = (high / 2 - low / 2) * 0.06 or abs(low) * 0.01 or 0.5
    most = float(np.finfo(np.float64).max)
    return Scale(max(low - margin, -most), min(high + margin, most))


def _axes(canvas: Canvas, area: Area, x: Scale, y: Scale) -> None:
    marks = ticks.of("linear", y.low, y.high, max(1, int(area.height / 2.5)), max(4, area.left - 1))
    rows: dict[int, str] = {}
    for value, label in zip(marks.values, marks.labels, strict=True):
        row = area.row(value, y)
        if row is not None:
            rows.setdefault(row, label)
    draw_axes(canvas, area, list(rows.items()))
    draw_x_ticks(
        canvas, area, ticks.of("linear", x.low, x.high, max(1, area.width // 10), 7), x, ""
    )


def _dots(
    canvas: Canvas, area: Area, points: Floats, groups: np.ndarray, x: Scale, y: Scale,
    look: Look, signs: bool,
) -> None:  # fmt: skip
    """A cell takes the colour of the group that has most points in it."""
    across, down = (1, 1) if signs else CELL[look.glyphs]
    columns = cells(x.unit(points[:, 0]), area.width * across)
    rows = area.height * down - 1 - cells(y.unit(points[:, 1]), area.height * down)
    place = (slice(area.top, area.top + area.height), slice(area.left, area.left + area.width))
    most = np.zeros((area.height, area.width), dtype=np.int64)
    owner = np.full(most.shape, -1)
    for group in np.unique(groups).tolist():
        mine = groups == group
        count = np.zeros_like(most)
        np.add.at(count, (rows[mine] // down, columns[mine] // across), 1)
        owner[count > most] = group
        most = np.maximum(most, count)
    lit = owner >= 0
    if signs:
        table = np.array([ord(char) for char in _SIGNS])
        canvas.codes[place][lit] = table[owner[lit] % len(table)]
    else:
        dots = np.zeros((1, area.height * down, area.width * across), dtype=np.bool_)
        dots[0, rows, columns] = True
        canvas.codes[place][lit] = characters(pack(dots, look.glyphs)[0], look.glyphs)[lit]
    if look.colour:
        colours = np.array([series_colour(group) for group in range(_GROUPS)], dtype=np.int32)
        canvas.fg[place][lit] = colours[owner[lit]]
