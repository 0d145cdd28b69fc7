"""Small images in rows: samples, reconstructions, filters."""

from __future__ import annotations

import numpy as np

from tuiwb.plots.arrays import Arrays, Refused
from tuiwb.plots.pictures.look import Drawn, Look, packed, put_fine, resized, tiled
from tuiwb.plots.scales import Floats

_SIDE = 4096
"""Pixels along an edge of one image: more than any screen."""


def draw(arrays: Arrays, width: int, height: int, look: Look) -> Drawn:
    """``images`` [N, H, W] or [N, H, W, 3] in 0..1 (bytes: 0..255); ``columns`` a row."""
    images = arrays.raw("images", "biuf", "numbers")
    images = arrays.numbers("images", "NHW3" if images.ndim == 4 else "NHW")
    if max(images.shape[1:3]) > _SIDE:
        raise Refused(f"its images are larger than {_SIDE} x {_SIDE} pixels")
    count = len(images)
    columns = arrays.whole("columns", 0, 0, count)
    room = 2 * height * look.fine, width * look.fine
    tiling = tiled(min(count, 4096), images.shape[1:3], room, columns, fine=look.fine)
    canvas = look.canvas(width, height)
    if tiling is None:
        return Drawn(canvas)
    pixels = np.full(room, -1, dtype=np.int32)
    shown = 0
    for row in range(tiling.rows):
        for column in range(tiling.columns):
            index = row * (columns or tiling.columns) + column
            if index < count:
                y, x = tiling.corner(row, column)
                small = resized(_unit(images[index]), tiling.height, tiling.width)
                pixels[y : y + tiling.height, x : x + tiling.width] = packed(small)
                shown += 1
    used = tiling.corner(tiling.rows, tiling.columns)
    put_fine(canvas, 0, 0, pixels[: used[0], : used[1]], look)
    return Drawn(canvas, f"{shown} of {count} shown" if shown < count else "")


def _unit(image: np.ndarray) -> Floats:
    """One image as (H, W, 3) in 0..1; what is not finite is no pixel."""
    unit = image.astype(np.float64)
    if image.dtype == np.uint8:
        unit /= 255
    unit = np.where(np.isfinite(unit), np.clip(unit, 0, 1), np.nan)
    return np.repeat(unit[..., None], 3, axis=2) if unit.ndim == 2 else unit
