"""Curves as dots, and dots as characters: all NumPy, a handful of array operations a curve."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.scales import Floats

Bits: TypeAlias = npt.NDArray[np.uint8]
Dots: TypeAlias = npt.NDArray[np.bool_]
Rows: TypeAlias = npt.NDArray[np.int32]

# Dots a cell: across, down.
CELL: dict[GlyphSet, tuple[int, int]] = {"braille": (2, 4), "quadrant": (2, 2), "ascii": (1, 1)}

# Unicode's numbering of the braille dots, and one of our own for the quadrants, as bits.
_BITS: dict[GlyphSet, tuple[tuple[int, ...], ...]] = {
    "braille": ((0, 3), (1, 4), (2, 5), (6, 7)),
    "quadrant": ((0, 1), (2, 3)),
    "ascii": ((0,),),
}
_QUADRANTS = np.array([ord(c) for c in " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"], dtype=np.uint32)
_BRAILLE = np.arange(0x2800, 0x2900, dtype=np.uint32)
_BRAILLE[0] = ord(" ")
_NONE = 1 << 30
_FAR = 1e6  # dots: well outside any screen


class Track:
    """Where a curve's samples and the lines between them fall among dot columns.

    ``x`` (N,) rising, in units of the axis; ``good`` (N,) says which samples exist: a curve breaks
    where one is missing. One track serves a line and its band.
    """

    def __init__(self, x: Floats, good: Dots, columns: int) -> None:
        self.columns = columns
        self.at = np.flatnonzero(good)
        # The clip keeps what is far outside a zoomed view from overflowing.
        position = np.minimum(np.maximum(x[self.at] * (columns - 1), -_FAR), _FAR)
        nearest = np.rint(position)
        inside = (nearest >= 0) & (nearest < columns)
        self.shown = None if inside.all() else inside
        place = (nearest if self.shown is None else nearest[inside]).astype(np.intp)
        self.starts = np.flatnonzero(np.diff(place, prepend=-1)) if place.size else place
        self.places = place[self.starts]
        self.joined = np.zeros(max(columns - 1, 0), dtype=np.bool_)
        self.between = place[:0]  # the columns whose middle lies on a segment
        if self.at.size < 2 or not columns:
            return
        linked = np.zeros(self.at.size + 1, dtype=np.bool_)
        linked[1:-1] = np.diff(self.at) == 1
        middles = np.arange(2 * columns - 1) * 0.5  # every column's middle, and between two
        segment = position.searchsorted(middles, side="right")
        on_segment = linked[segment]
        self.joined = on_segment[1::2]
        self.between = np.flatnonzero(on_segment[::2])
        self.after = segment[::2][self.between]
        start, stop = position[self.after - 1], position[self.after]
        self.share = (self.between - start) / np.maximum(stop - start, 1e-12)

    def spans(self, upper: Floats, lower: Floats, rows: int) -> tuple[Rows, Rows]:
        """The topmost and bottommost dot row (0 is the top) covered in each column, (K, columns).

        ``upper``, ``lower`` (K, N) in units of the axis, finite where the samples are good; for
        a line they are the same. Columns that the curve does not touch have top > bottom. Every
        sample's own dot is covered; columns of an unbroken curve touch.
        """
        top = np.full((upper.shape[0], self.columns), _NONE, dtype=np.int32)
        bottom = np.full_like(top, -_NONE)
        if not self.at.size or not rows:
            return top, bottom
        high, low = (
            np.minimum(np.maximum((1 - unit[:, self.at]) * (rows - 1), -_FAR), _FAR)
            for unit in (upper, lower)
        )
        if self.between.size:
            top[:, self.between] = self._middle(high)
            bottom[:, self.between] = self._middle(low)
        if self.places.size:
            if self.shown is not None:
                high, low = high[:, self.shown], low[:, self.shown]
            peak = np.rint(np.minimum.reduceat(high, self.starts, axis=1)).astype(np.int32)
            foot = np.rint(np.maximum.reduceat(low, self.starts, axis=1)).astype(np.int32)
            top[:, self.places] = np.minimum(top[:, self.places], peak)
            bottom[:, self.places] = np.maximum(bottom[:, self.places], foot)
        _connect(top, bottom, self.joined)
        return top, bottom

    def _middle(self, row: Floats) -> Floats:
        before = row[:, self.after - 1]
        middle: Floats = np.rint(before + (row[:, self.after] - before) * self.share)
        return middle


def _connect(top: Rows, bottom: Rows, joined: Dots) -> None:
    """Lengthen neighbours that are ``joined`` until they touch, each by half of what is missing."""
    joined = joined & (top[:, :-1] < _NONE) & (top[:, 1:] < _NONE)
    k, c = np.nonzero(joined & (bottom[:, :-1] < top[:, 1:] - 1))
    fall = (bottom[k, c] + top[k, c + 1]) // 2
    j, d = np.nonzero(joined & (top[:, :-1] > bottom[:, 1:] + 1))
    rise = (top[j, d] + bottom[j, d + 1]) // 2
    bottom[k, c] = np.maximum(bottom[k, c], fall)
    top[k, c + 1] = np.minimum(top[k, c + 1], fall + 1)
    top[j, d] = np.minimum(top[j, d], rise + 1)
    bottom[j, d + 1] = np.maximum(bottom[j, d + 1], rise)


def fill(top: Rows, bottom: Rows, rows: int, textured: Dots | None = None) -> Dots:
    """Dots (L, rows, columns) from ``top`` to ``bottom`` (L, columns) of each layer's columns.

    Layers that are ``textured`` (L,) have every other dot left out inside, so that a band stays
    lighter than a line even where there is no colour; their edges are whole.
    """
    # int16 halves the work, and a screen has fewer than 32 000 dots a side
    above = np.clip(top, -1, 32_000).astype(np.int16)[:, None, :]
    below = np.clip(bottom, -2, 32_000).astype(np.int16)[:, None, :]
    row = np.arange(rows, dtype=np.int16)[:, None]
    dots = (row >= above) & (row <= below)
    if textured is not None and textured.any():
        above, below = above[textured], below[textured]
        edges = (row == above) | (row == below)
        dots[textured] &= edges | _checks(rows, top.shape[1])
    return dots


@lru_cache(maxsize=64)
def _checks(rows: int, columns: int) -> Dots:
    checks: Dots = (np.arange(rows)[:, None] + np.arange(columns)) % 2 == 0
    return checks


def pack(dots: Dots, glyphs: GlyphSet) -> Bits:
    """Dots (L, height * down, width * across) as one byte a cell, (L, height, width)."""
    across, down = CELL[glyphs]
    cells = dots.view(np.uint8)
    if across == down == 1:
        return cells
    packed = np.zeros_like(cells[:, ::down, ::across])
    for y, line in enumerate(_BITS[glyphs]):
        for x, bit in enumerate(line):
            packed |= cells[:, y::down, x::across] << np.uint8(bit)
    return packed


def characters(bits: Bits, glyphs: GlyphSet) -> npt.NDArray[np.uint32]:
    """The code points that show ``bits`` from `pack`; ASCII has no such table, see `paint`."""
    return (_BRAILLE if glyphs == "braille" else _QUADRANTS)[bits]
