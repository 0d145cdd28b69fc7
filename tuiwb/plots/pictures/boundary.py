"""What a network answers all over the plane, its samples on it, and its neurons beside it."""

from __future__ import annotations

import numpy as np

from tuiwb.base.format import number
from tuiwb.plots.arrays import Arrays, Refused
from tuiwb.plots.canvas import Canvas, Packed
from tuiwb.plots.palette import QUIET
from tuiwb.plots.pictures.look import (
    BLUE,
    DIVERGING,
    ORANGE,
    Drawn,
    Look,
    coloured,
    lay,
    levels_of,
    nearest,
    put_fine,
    put_shades,
    tiled,
)
from tuiwb.plots.scales import Floats, Scale, cells

_CROWD = 0.12
"""Share of the pixels that samples may cover: more would hide what they lie on."""
_DARKER = {ORANGE: 0xA63D00, BLUE: 0x0B3C6B}
_LABELLED = 8
"""Rows from which one goes to the name of the x axis."""
_LEAST = 10
"""Columns that the maps of neurons need."""


def draw(arrays: Arrays, width: int, height: int, look: Look) -> Drawn:
    """``grid`` [H, W] in -1 to 1, row 0 at the top; ``extent`` [x0, x1, y0, y1]; ``points`` [N, 2]
    with ``labels`` [N] (above 0 is blue); ``axes``, names of x and y; ``neurons`` [M, h, w] with
    ``names``.

    Orange is the first class and -1, blue the last and 1. `Look.discretise` shows which of the two
    is answered in place of how surely.
    """
    grid = arrays.floats("grid", "HW")
    canvas = look.canvas(width, height)
    has_neurons = "neurons" in arrays and np.size(arrays.stored["neurons"]) > 0
    neurons = arrays.numbers("neurons", "Mhw") if has_neurons else None
    labelled = "axes" in arrays and height >= _LABELLED
    fine = look.fine
    tall = 2 * (height - labelled) * fine
    # the plane keeps its shape; what is left over belongs to the neurons
    ratio = min(max(grid.shape[1] / grid.shape[0], 0.2), 5.0)
    columns = min(width, max(1, round(tall * ratio / fine)))
    if neurons is not None and width - columns < _LEAST and width >= 3 * _LEAST:
        columns = max(width // 2, width - 16)
    wide = columns * fine
    rows = min(tall, max(2 * fine, round(wide / ratio))) // (2 * fine)
    high = rows * 2 * fine
    unit = _unit(grid[nearest(len(grid), high)][:, nearest(grid.shape[1], wide)], look)
    note = ""
    pixels = coloured(levels_of(unit, len(DIVERGING)), DIVERGING)
    if "points" in arrays:
        at, blue, count = _samples(arrays, high, wide, fine)
        if look.halves:
            for side, colour in ((~blue, ORANGE), (blue, BLUE)):
                _dot(pixels, at[:, side], _DARKER[colour], fine)
        if len(blue) < count:
            note = f"{len(blue)} of {count} samples"
    if look.halves:
        put_fine(canvas, 0, 0, pixels, look)
    else:
        _shaded(canvas, unit, pixels, look)
        if "points" in arrays:
            for row, column, above in zip(at[0] // 2, at[1], blue, strict=True):
                canvas.put(int(row), int(column), "x" if above else "o")
    if labelled:
        across, up = _axes(arrays)
        canvas.put(rows, 0, across[: max(columns, width // 2)], QUIET)
        note = "  ".join(part for part in (note, up) if part)
    if neurons is not None and width - columns >= _LEAST:
        _neurons(canvas, neurons, arrays, columns + 2, look)
    return Drawn(canvas, "  ".join(part for part in (note, "discrete" * look.discretise) if part))


def _axes(arrays: Arrays) -> tuple[str, str]:
    """What lies across and what upwards, each with its ends."""
    extent, names = arrays.floats("extent", "4"), arrays.names("axes", 2)
    across, up = (
        f"{name} {number(float(low), 3)} to {number(float(high), 3)}"
        for name, (low, high) in zip(names, extent.reshape(2, 2), strict=True)
    )
    return f"{across} across", f"{up} upwards"


def _unit(values: Floats, look: Look) -> Floats:
    """-1..1 as 0..1; what is not a number stays none."""
    values = np.clip(values, -1, 1)
    if look.discretise:
        values = np.where(np.isnan(values), np.nan, np.where(values > 0, 1.0, -1.0))
    unit: Floats = (values + 1) / 2
    return unit


def _samples(arrays: Arrays, high: int, wide: int, fine: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Pixel rows and columns (2, N) of as many samples as there is room for, which are blue, and
    how many there are."""
    points, extent = arrays.floats("points", "N2"), arrays.floats("extent", "4")
    labels = arrays.labels("labels", len(points))
    if not np.isfinite(extent).all() or extent[1] <= extent[0] or extent[3] <= extent[2]:
        raise Refused("extent is no rectangle")
    columns = cells(Scale(extent[0], extent[1]).unit(points[:, 0]), wide)
    rows = high - 1 - cells(Scale(extent[2], extent[3]).unit(points[:, 1]), high)
    inside = (columns >= 0) & (columns < wide) & (rows >= 0) & (rows < high)
    rows, columns, blue = rows[inside], columns[inside], labels[inside] > 0
    most = max(1, int(high * wide * _CROWD / fine**2))
    if len(rows) > most:
        kept = nearest(len(rows), most)
        rows, columns, blue = rows[kept], columns[kept], blue[kept]
    return np.stack([rows, columns]), blue, len(points)


def _dot(pixels: Packed, at: np.ndarray, colour: int, size: int) -> None:
    """A round dot ``size`` pixels across at each of ``at`` (2, N)."""
    off = np.indices((size, size)).reshape(2, -1, 1) - (size - 1) // 2
    off = off[:, ((off - ((size - 1) % 2) / 2) ** 2).sum(axis=(0, 2)) <= size**2 / 4 + 0.3]
    rows, columns = at[:, None] + off
    inside = (rows >= 0) & (rows < pixels.shape[0]) & (columns >= 0) & (columns < pixels.shape[1])
    pixels[rows[inside], columns[inside]] = colour


def _shaded(canvas: Canvas, unit: Floats, pixels: Packed, look: Look) -> None:
    """The map one value a cell, as shades: bright is blue."""
    mean = np.nanmean(unit.reshape(-1, 2, unit.shape[1]), axis=1) if unit.size else unit
    put_shades(canvas, 0, 0, mean, look)
    if look.colour:
        canvas.fg[: mean.shape[0], : mean.shape[1]] = pixels[::2]


def _neurons(canvas: Canvas, neurons: np.ndarray, arrays: Arrays, left: int, look: Look) -> None:
    """What each neuron answers there, side by side, under the name of the first and the last."""
    maps, names = neurons[:64], arrays.names("names", min(len(neurons), 64))
    top = 1 if canvas.height >= 6 else 0
    fine = look.fine
    room = 2 * (canvas.height - top) * fine, (canvas.width - left) * fine
    tiling = tiled(len(maps), maps.shape[1:], room, least=5, fine=fine)
    if tiling is None:
        return
    shown = maps[: tiling.columns * tiling.rows]
    together = np.full(room, -1, dtype=np.int32)
    for i, values in enumerate(shown):
        y, x = tiling.corner(*divmod(i, tiling.columns))
        small = values[nearest(len(values), tiling.height)].astype(np.float64)
        unit = _unit(small[:, nearest(values.shape[1], tiling.width)], look)
        pixels = coloured(levels_of(unit, len(DIVERGING)), DIVERGING)
        if look.halves:
            together[y : y + tiling.height, x : x + tiling.width] = pixels
        else:
            part = look.canvas(tiling.width, -(-tiling.height // 2))
            odd = np.vstack([unit, unit[-1:]]) if len(unit) % 2 else unit
            _shaded(part, odd, pixels, look)
            lay(canvas, part, top + y // 2, left + x)
    if look.halves:
        put_fine(canvas, top, left, together, look)
    if top:
        words = names[0] if len(shown) == 1 else f"{names[0]} to {names[len(shown) - 1]}"
        more = f" of {len(neurons)}" if len(shown) < len(neurons) else ""
        for shorter in (f"{len(shown)}{more} neurons", f"{len(shown)}/{len(neurons)} units"):
            words = words if len(words) <= canvas.width - left else shorter
        canvas.put(0, left, words[: canvas.width - left], QUIET)
