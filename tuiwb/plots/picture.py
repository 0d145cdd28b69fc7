"""Pictures by half blocks: two pixels a cell, one above the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tuiwb.plots.canvas import BOLD, Canvas
from tuiwb.plots.figure import Picture
from tuiwb.plots.frame import draw_empty
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.palette import ASCII_SHADES, SHADES

Pixels = npt.NDArray[np.float64]

# Rec. 709: how bright each channel looks.
_LUMA = np.array([0.2126, 0.7152, 0.0722])


def paint_picture(
    figure: Picture, width: int, height: int, glyphs: GlyphSet = "braille", colour: bool = True
) -> Canvas:
    """``figure`` as large as fits under its title, pixels square, centred from the left.

    Small images grow by whole factors, so that a pixel stays a block; large ones are averaged.
    Without colours, or in ASCII, brightness becomes shades. Never raises for any pixels or size.
    """
    canvas = Canvas(width, height, ascii=glyphs == "ascii")
    canvas.put(0, 0, figure.title[: max(0, width)], attr=BOLD)
    top = 1 if figure.title else 0
    pixels = _pixels(figure.pixels)
    if not pixels.size or height <= top or width < 1:
        draw_empty(canvas, top, max(0, height - top), figure.empty)
        return canvas
    image = _fit(pixels, (height - top) * 2, width)
    if image.shape[0] % 2:
        image = np.vstack([image, np.full((1, *image.shape[1:]), np.nan)])
    rows, left = image.shape[0] // 2, max(0, (width - image.shape[1]) // 2)
    place = (slice(top, top + rows), slice(left, left + image.shape[1]))
    upper, lower = image[::2], image[1::2]
    if colour and glyphs != "ascii":
        first, second = _packed(upper), _packed(lower)
        canvas.codes[place] = np.where(first == second, ord(" "), ord("▀"))
        canvas.fg[place] = np.where(first == second, -1, first)
        canvas.bg[place] = np.where(second < 0, -1, second)
    else:
        shades = ASCII_SHADES if glyphs == "ascii" else SHADES
        mean = np.where(np.isnan(lower), upper, (upper + lower) / 2)
        light = mean @ _LUMA / 255
        table = np.array([ord(c) for c in shades], dtype=np.uint32)
        canvas.codes[place] = table[np.clip((light * len(shades)).astype(int), 0, len(shades) - 1)]
        if colour:
            canvas.fg[place] = _packed(mean)
    return canvas


def _pixels(pixels: npt.ArrayLike) -> Pixels:
    """Any image as (H, W, 3) floats 0..255; what is no image has no pixels."""
    try:
        array = np.asarray(pixels, dtype=np.float64)
    except (TypeError, ValueError):
        return np.empty((0, 0, 3))
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or 0 in array.shape or array.shape[2] not in (1, 3, 4):
        return np.empty((0, 0, 3))
    array = np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array[:, :, :3]
    return np.clip(np.nan_to_num(array, nan=0.0, posinf=255.0, neginf=0.0), 0, 255)


def _fit(pixels: Pixels, height: int, width: int) -> Pixels:
    """Scaled to at most (height, width) with the aspect kept."""
    ratio = min(height / pixels.shape[0], width / pixels.shape[1])
    if ratio >= 1:
        return pixels.repeat(int(ratio), axis=0).repeat(int(ratio), axis=1)
    for axis, room in ((0, height), (1, width)):
        size = pixels.shape[axis]
        target = min(max(1, round(size * ratio)), room)
        edges = np.arange(target) * size // target
        counts = np.diff(np.append(edges, size)).astype(np.float64)
        counts = counts[:, None, None] if axis == 0 else counts[None, :, None]
        pixels = np.add.reduceat(pixels, edges, axis=axis) / counts
    return pixels


def _packed(image: Pixels) -> npt.NDArray[np.int32]:
    """(H, W, 3) as 0xRRGGBB; -1 where there is no pixel."""
    missing = np.isnan(image[..., 0])
    whole = np.nan_to_num(image, nan=0.0).round().astype(np.int32)
    packed = (whole[..., 0] << 16) | (whole[..., 1] << 8) | whole[..., 2]
    return np.where(missing, -1, packed).astype(np.int32)
