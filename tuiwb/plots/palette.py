"""Colours and mark glyphs, chosen to survive colour blindness and both light and dark terminals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

DEFAULT = -1  # the terminal's own colour
QUIET = 0x808080  # axes, ticks, legends: readable on black and on white
ALARM = 0xD55E00  # vermilion of the cycle below

# Okabe and Ito, "Color Universal Design" (2008), without black; the two that are hard to see on a
# light (yellow) or dark (blue) terminal come last.
SERIES = (0x56B4E9, 0xE69F00, 0x009E73, 0xCC79A7, 0xD55E00, 0x0072B2, 0xF0E442)

# Anchors at equal distances. viridis: van der Walt and Smith 2015; cividis: Nunez, Anderton and
# Renslow 2018. Both rise evenly in lightness, so they also read in grey.
_ANCHORS = {
    "viridis": (
        0x440154, 0x482475, 0x414487, 0x355F8D, 0x2A788E, 0x21918C,
        0x22A884, 0x44BF70, 0x7AD151, 0xBDDF26, 0xFDE725,
    ),
    "cividis": (
        0x00224E, 0x123570, 0x3B496C, 0x575D6D, 0x707173,
        0x8A8678, 0xA59C74, 0xC3B369, 0xE1CC55, 0xFEE838,
    ),
}  # fmt: skip

# Few enough that neighbouring cells share a colour and a small change changes no cell: this is
# what keeps a heat map cheap on the wire.
LEVELS = 24


def _ramp(anchors: tuple[int, ...]) -> npt.NDArray[np.int32]:
    at = np.linspace(0, len(anchors) - 1, LEVELS)
    channels = [
        np.interp(at, np.arange(len(anchors)), [(a >> shift) & 255 for a in anchors]).round()
        for shift in (16, 8, 0)
    ]
    red, green, blue = (channel.astype(np.int32) for channel in channels)
    return (red << 16) | (green << 8) | blue


RAMPS = {name: _ramp(anchors) for name, anchors in _ANCHORS.items()}

LOST = "\u00d7"  # the multiplication sign: a sample that is no number

SHADES = " ░▒▓█"
ASCII_SHADES = " .:-=+*#%@"


def series_colour(index: int) -> int:
    """The colour of series number ``index``; the cycle repeats after seven."""
    return SERIES[index % len(SERIES)]


def mix(colour: int, other: int, share: float) -> int:
    """``colour`` moved towards ``other`` by ``share`` of the way."""
    parts = [
        round(((colour >> s) & 255) * (1 - share) + ((other >> s) & 255) * share)
        for s in (16, 8, 0)
    ]
    return (parts[0] << 16) | (parts[1] << 8) | parts[2]


@dataclass(frozen=True)
class MarkStyle:
    """How a kind of mark looks on the axis; ``rank`` decides when two share a column."""

    glyph: str
    ascii: str
    colour: int
    rank: int
    guide: bool = True


# Checkpoints, notes and looks change no course: they get a glyph and no guide.
MARKS = {
    "nonfinite": MarkStyle(LOST, "x", ALARM, 9, guide=False),
    "finding": MarkStyle("▲", "^", ALARM, 8),
    "warning": MarkStyle("▲", "^", 0xE6A52E, 7),
    "error": MarkStyle("▲", "^", ALARM, 8),
    "command": MarkStyle("▼", "v", 0xE69F00, 6),
    "fork": MarkStyle("◇", "Y", 0xCC79A7, 5),
    "resume": MarkStyle("◇", "Y", 0xCC79A7, 5),
    "note": MarkStyle("●", "o", 0x56B4E9, 4, guide=False),
    "look": MarkStyle("▿", "'", QUIET, 3, guide=False),
    "kept": MarkStyle("┴", "+", 0x009E73, 1, guide=False),
    "checkpoint": MarkStyle("◆", "#", 0x009E73, 2, guide=False),
}


def mark_style(kind: str) -> MarkStyle:
    """The style of ``kind``; any word that has none of its own looks like a note."""
    return MARKS.get(kind, MARKS["note"])
