"""Small images in rows: samples, reconstructions, filters."""

from __future__ import annotations

import numpy as np

from tuiwb.plots.arrays import Arrays, Refused
from tuiwb.plots.pictures.look import Drawn, Look, packed, put_pixels, resized, tiled
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
    tiling = tiled(min(count, 4096), images.shape[1:3], (2 * height, width), columns)
    canvas = look.canvas(width, height)
    if tiling is None:
        return Drawn(canvas)
    shown = 0
    for row in range(tiling.rows):
        for column in range(tiling.columns):
            index = row * (columns or tiling.columns) + column
            if index < count:
                y, x = tiling.corner(row, column)
                small = resized(_unit(images[index]), tiling.height, tiling.width)
                put_pixels(canvas, y // 2, x, packed(small), look)
                shown += 1
    return Drawn(canvas, f"{shown} of {count} shown" if shown < count else "")


def _unit(image: np.ndarray) -> Floats:
    """One image as (H, W, 3) in 0..1; what is not finite is no pixel."""
    unit = image.astype(np.float64)
    if image.dtype == np.uint8:
        unit /= 255
    unit = np.where(np.isfinite(unit), np.clip(unit, 0, 1), np.nan)
    return np.repeat(unit[..., None], 3, axis=2) if unit.ndim == 2 else unit
