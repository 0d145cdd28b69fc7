"""Sixel: an image as characters of six pixels, one above the other, colour by colour.

DEC, VT330/VT340 Programmer Reference Manual, volume 2, chapter 14.
"""

from __future__ import annotations

import numpy as np

from tuiwb.plots.canvas import Packed

SIX = 6
_COLOURS = 256
_LEVELS = (101, 52, 32, 16, 8, 6)
"""Of each of red, green and blue, until there are few enough colours: six make 216 at most."""
_BITS = 1 << np.arange(SIX)


def encode(pixels: Packed) -> str:
    """``pixels`` (H, W) as 0xRRGGBB; those of -1 leave what is there."""
    height, width = pixels.shape
    colours, places = _few(pixels)
    missing = -height % SIX
    places = np.vstack([places, np.full((missing, width), -1, dtype=places.dtype)])
    palette = "".join(f"#{i};2;{r};{g};{b}" for i, (r, g, b) in enumerate(colours.tolist()))
    bands = "-".join(_band(places[top : top + SIX]) for top in range(0, height + missing, SIX))
    return f'\x1bP0;1;0q"1;1;{width};{height}{palette}{bands}\x1b\\'


def _few(pixels: Packed) -> tuple[np.ndarray, np.ndarray]:
    """Colours (C, 3) in per cent, and which of them each pixel has, -1 where none."""
    clear = pixels < 0
    known, places = np.unique(pixels[~clear], return_inverse=True)
    parts = np.stack([(known >> shift) & 255 for shift in (16, 8, 0)], axis=-1) / 255
    for levels in _LEVELS:
        rough = np.rint(parts * (levels - 1)).astype(np.int64)
        single = rough @ np.array([levels * levels, levels, 1])
        kept, again = np.unique(single, return_inverse=True)
        if kept.size <= _COLOURS:
            break
    channels = np.stack([kept // levels**2, kept // levels % levels, kept % levels], axis=-1)
    colours = np.rint(channels * 100 / (levels - 1)).astype(np.int64)
    found = np.full(pixels.shape, -1)
    found[~clear] = again[places]
    return colours, found


def _band(places: np.ndarray) -> str:
    """Six rows: each colour's characters from the left margin on."""
    lines = []
    for colour in np.unique(places[places >= 0]).tolist():
        bits = _BITS @ (places == colour)
        lines.append(f"#{colour}{_packed(np.trim_zeros(bits, 'b'))}")
    return "$".join(lines)


def _packed(bits: np.ndarray) -> str:
    """One character a column, and a count in the place of many that are alike."""
    edges = np.flatnonzero(np.diff(bits)) + 1
    begins = np.concatenate(([0], edges))
    counts = np.diff(np.concatenate((begins, [bits.size])))
    out = []
    for bit, count in zip(bits[begins].tolist(), counts.tolist(), strict=True):
        char = chr(63 + bit)
        out.append(f"!{count}{char}" if count > 3 else char * count)
    return "".join(out)
