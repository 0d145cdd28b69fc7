"""What the painters of pictures share: how to look, half blocks, shades, tiles, colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tuiwb.plots.canvas import BOLD, Canvas, Packed, Patch
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.palette import ASCII_SHADES, LEVELS, QUIET, SHADES, series_colour
from tuiwb.plots.scales import Floats

# Rec. 709: how bright each channel looks.
_LUMA = np.array([0.2126, 0.7152, 0.0722])
_UPPER = ord("▀")


@dataclass(frozen=True)
class Look:
    """How pictures are to be shown."""

    glyphs: GlyphSet = "braille"
    colour: bool = True
    discretise: bool = False
    fine: int = 1
    """Into how many pixels a half block is divided across, and as many down, for a terminal that
    shows images; those who draw in pixels add a `Patch` of that many where it is above 1."""

    @property
    def halves(self) -> bool:
        """Whether a cell holds two pixels, one above the other, in colours of their own."""
        return self.colour and self.glyphs != "ascii"

    @property
    def shades(self) -> str:
        """Characters from dark to bright."""
        return ASCII_SHADES if self.glyphs == "ascii" else SHADES

    def canvas(self, width: int, height: int) -> Canvas:
        """An empty canvas of these glyphs."""
        return Canvas(width, height, ascii=self.glyphs == "ascii")


@dataclass(frozen=True)
class Drawn:
    """A painted picture, and what must be said of it beside its title."""

    canvas: Canvas
    note: str = ""


def ramp(stops: tuple[int, ...], levels: int = LEVELS) -> Packed:
    """``levels`` colours through ``stops``. Few, so that a small change changes no cell."""
    at = np.linspace(0, len(stops) - 1, levels)
    parts = [
        np.interp(at, np.arange(len(stops)), [(s >> shift) & 255 for s in stops]).round()
        for shift in (16, 8, 0)
    ]
    red, green, blue = (part.astype(np.int32) for part in parts)
    return (red << 16) | (green << 8) | blue


ORANGE, BLUE = 0xE66100, 0x1F6FB4
"""The two sides of everything that has a middle, as in Playground."""
DIVERGING = ramp((0xF59322, 0xFBD4A5, 0xE8EAEB, 0x9CC7E4, 0x0877BD), 25)
"""-1 to 1, pale in the middle."""


def levels_of(unit: Floats, count: int) -> npt.NDArray[np.int64]:
    """0..1 as 0..count - 1; -1 where it is not a number."""
    place = np.clip(np.nan_to_num(unit, nan=0.0) * count, 0, count - 1).astype(np.int64)
    return np.where(np.isnan(unit), -1, place)


def coloured(level: npt.NDArray[np.int64], colours: Packed) -> Packed:
    """Levels as colours, no pixel where the level is -1."""
    return np.where(level < 0, -1, colours[np.maximum(level, 0)]).astype(np.int32)


def packed(pixels: Floats) -> Packed:
    """(..., 3) in 0..1 as 0xRRGGBB; no pixel where one is not a number."""
    whole = (np.clip(np.nan_to_num(pixels, nan=0.0), 0, 1) * 255).round().astype(np.int32)
    colours = (whole[..., 0] << 16) | (whole[..., 1] << 8) | whole[..., 2]
    return np.where(np.isnan(pixels).any(axis=-1), -1, colours).astype(np.int32)


def light(pixels: Packed) -> Floats:
    """How bright 0xRRGGBB looks, 0..1; NaN where there is no pixel."""
    channels = np.stack([(pixels >> shift) & 255 for shift in (16, 8, 0)], axis=-1) / 255
    bright: Floats = np.where(pixels < 0, np.nan, channels @ _LUMA)
    return bright


def put_pixels(canvas: Canvas, top: int, left: int, pixels: Packed, look: Look) -> None:
    """Pixels (2 * rows, columns) in half blocks from cell (top, left); without colours, as shades
    of how bright they are."""
    if pixels.shape[0] % 2:
        pixels = np.vstack([pixels, np.full((1, pixels.shape[1]), -1, dtype=np.int32)])
    pixels = pixels[: 2 * (canvas.height - top), : canvas.width - left]
    if not pixels.size:
        return
    upper, lower = pixels[::2], pixels[1::2]
    place = (slice(top, top + upper.shape[0]), slice(left, left + upper.shape[1]))
    if look.halves:
        same = upper == lower
        hanging = (upper < 0) & (lower >= 0)  # a foreground cannot be the terminal's background
        codes = np.where(hanging, ord("▄"), _UPPER)
        canvas.codes[place] = np.where(same, ord(" "), codes)
        canvas.fg[place] = np.where(same, -1, np.where(hanging, lower, upper))
        canvas.bg[place] = np.where(same, upper, np.where(hanging, -1, lower))
        return
    first, second = light(upper), light(lower)
    mean = np.where(np.isnan(first), second, (first + second) / 2)
    bright = np.where(np.isnan(second), first, mean)
    put_shades(canvas, top, left, bright, look)
    if look.colour:
        canvas.fg[place] = np.where(upper < 0, lower, upper)


def put_fine(canvas: Canvas, top: int, left: int, pixels: Packed, look: Look) -> None:
    """`put_pixels` of ``look.fine`` times as many pixels each way: in half blocks the mean of them,
    and all of them for a terminal that shows images."""
    if look.fine == 1:
        put_pixels(canvas, top, left, pixels, look)
        return
    fine = look.fine
    missing = -pixels.shape[0] % (2 * fine), -pixels.shape[1] % fine
    pixels = np.pad(pixels, [(0, size) for size in missing], constant_values=-1)
    pixels = pixels[: 2 * fine * (canvas.height - top), : fine * (canvas.width - left)]
    rows, columns = pixels.shape[0] // (2 * fine), pixels.shape[1] // fine
    if not rows or not columns:
        return
    canvas.patches.append(Patch(top, left, rows, columns, pixels))
    channels = np.stack([(pixels >> shift) & 255 for shift in (16, 8, 0)], axis=-1) / 255
    there = (pixels >= 0)[..., None]
    small = resized(np.where(there, channels, 0.0), 2 * rows, columns)
    share = resized(there.astype(np.float64), 2 * rows, columns)
    put_pixels(canvas, top, left, packed(small / np.where(share < 0.25, np.nan, share)), look)


def lay(canvas: Canvas, other: Canvas, y: int, x: int, skip: int = 0) -> None:
    """``other``, less its first ``skip`` rows, onto ``canvas`` with its corner at (y, x); what
    falls outside is left out."""
    rows, columns = min(other.height - skip, canvas.height - y), min(other.width, canvas.width - x)
    if rows <= 0 or columns <= 0:
        return
    to, of = (slice(y, y + rows), slice(x, x + columns)), (slice(skip, skip + rows), slice(columns))
    canvas.codes[to], canvas.fg[to] = other.codes[of], other.fg[of]
    canvas.bg[to], canvas.attr[to] = other.bg[of], other.attr[of]
    canvas.patches += [
        replace(patch, top=patch.top + y - skip, left=patch.left + x) for patch in other.patches
    ]


def put_legend(canvas: Canvas, y: int, names: Sequence[str], signs: str) -> None:
    """Names of series with their signs in row ``y``; those without room are counted."""
    at = 0
    for i, name in enumerate(names):
        rest = f"+{len(names) - i}"
        need = 2 + len(name) + (2 + len(rest) if i < len(names) - 1 else 0)
        if at + need > canvas.width:
            canvas.put(y, at, rest, QUIET)
            return
        canvas.put(y, at, signs[i % len(signs)], series_colour(i), attr=BOLD)
        canvas.put(y, at + 2, name, QUIET)
        at += 2 + len(name) + 2


def put_shades(canvas: Canvas, top: int, left: int, unit: Floats, look: Look) -> None:
    """0..1 (rows, columns) as one shade a cell; a blank where it is not a number."""
    table = np.array([ord(char) for char in look.shades], dtype=np.uint32)
    level = levels_of(unit, len(table))
    place = (slice(top, top + unit.shape[0]), slice(left, left + unit.shape[1]))
    canvas.codes[place] = np.where(level < 0, ord(" "), table[np.maximum(level, 0)])


def nearest(size: int, target: int) -> npt.NDArray[np.int64]:
    """Which of ``size`` each of ``target`` places shows."""
    return (np.arange(target) * 2 + 1) * size // (2 * max(target, 1))


def resized(image: Floats, height: int, width: int) -> Floats:
    """(H, W, ...) as (height, width, ...): larger by nearest neighbour, smaller by the mean."""
    for axis, target in ((0, height), (1, width)):
        size = image.shape[axis]
        if target >= size:
            image = image.take(nearest(size, target), axis=axis)
            continue
        edges = np.arange(target) * size // target
        counts = np.diff(np.append(edges, size)).astype(np.float64)
        shape = [1] * image.ndim
        shape[axis] = target
        image = np.add.reduceat(image, edges, axis=axis) / counts.reshape(shape)
    return image


@dataclass(frozen=True)
class Tiling:
    """Equal tiles in a grid: ``columns`` by ``rows`` of ``width`` x ``height`` pixels each."""

    columns: int
    rows: int
    width: int
    height: int
    gap: tuple[int, int]

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """The pixel (y, x) where a tile begins."""
        down, across = self.gap
        return row * (self.height + self.height % 2 + down), column * (self.width + across)


LEAST = 8
"""Pixels along an edge below which an image is left out rather than made smaller."""


def tiled(
    count: int,
    shape: tuple[int, int],
    room: tuple[int, int],
    columns: int = 0,
    least: int = LEAST,
    fine: int = 1,
) -> Tiling | None:
    """The largest tiles for ``count`` images of ``shape`` (H, W) in ``room`` (H, W) pixels.

    ``columns`` fixes how many a row has, of which then the first are shown; 0 leaves it open.
    Tiles grow by whole factors, and shrink no further than ``least`` half blocks, of ``fine``
    pixels each, while others can be left out instead. None where there is no room for one.
    """
    gap = (2, 1) if fine == 1 else (1 + fine // 3, 1 + fine // 3)
    least *= fine
    best: tuple[tuple[int, int, int], Tiling] | None = None
    for across in range(1, min(columns or count, room[1]) + 1):
        wanted = -(-count // columns) if columns else -(-count // across)
        for side in _sizes(shape, (room[0], room[1] - gap[1] * (across - 1)), across, least):
            height, width = side
            down = (room[0] + gap[0]) // (height + height % 2 + gap[0])
            rows = min(wanted, max(down, 1))
            if height > room[0] or rows < 1:
                continue
            tiling = Tiling(across, rows, width, height, gap)
            readable = min(height, least, shape[0]) * min(width, least, shape[1])
            shown = min(count, across * rows) if not columns else across * rows
            score = (readable, shown, height * width)
            if best is None or score > best[0]:
                best = score, tiling
    return best[1] if best else None


def _sizes(
    shape: tuple[int, int], room: tuple[int, int], across: int, least: int
) -> list[tuple[int, int]]:
    """Sizes of a tile that let ``across`` of them stand side by side in ``room`` without the gaps:
    whole factors, or smaller."""
    most = room[1] // across
    if most < 1:
        return []
    factor = min(most // shape[1], room[0] // shape[0])
    if factor >= 1:
        return [(shape[0] * k, shape[1] * k) for k in range(1, min(factor, 64) + 1)]
    sizes = []
    for wide in range(min(least, most, shape[1]), min(most, shape[1]) + 1):
        tall = max(1, round(shape[0] * wide / shape[1]))
        if tall <= room[0]:
            sizes.append((tall, wide))
    return sizes
