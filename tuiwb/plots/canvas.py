"""A grid of cells, each a character with colours and attributes; what every painter returns."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tuiwb.plots.palette import DEFAULT, LOST

BOLD, DIM, REVERSE = 1, 2, 4
_SGR = ((BOLD, "1"), (DIM, "2"), (REVERSE, "7"))

# What a non-UTF-8 terminal gets instead, where there is something better than a question mark.
_ASCII = str.maketrans(
    {"…": "~", "·": ".", "━": "-", "─": "-", "│": "|", "┤": "+", "┬": "+", "└": "+", "╎": ":"}
    | {"≤": "<", "±": "~", LOST: "x", "\u2212": "-", "\u2013": "-", "\u2019": "'", "µ": "u"}
    | {"\u00d7": "x"}
)
Packed = npt.NDArray[np.int32]
"""Pixels as 0xRRGGBB; -1 where there is none."""
_UTF32 = "utf-32-le" if sys.byteorder == "little" else "utf-32-be"


@dataclass(frozen=True)
class Run:
    """Neighbouring cells of one row that share a style."""

    text: str
    fg: int
    bg: int
    attr: int


@dataclass(frozen=True, eq=False)
class Patch:
    """What cells of a canvas show in more ``pixels`` than half blocks can: for terminals that have
    images. The cells themselves show it too."""

    top: int
    left: int
    rows: int
    columns: int
    pixels: Packed


class Canvas:
    """``chars`` '<U1', ``fg``, ``bg`` int32 (0xRRGGBB or -1 for the terminal's own), ``attr``
    uint8 (1 bold, 2 dim, 4 reverse), each of shape (height, width).

    Every cell holds exactly one column's worth: `put` replaces what is wider, narrower or a
    control character, and with ``ascii`` whatever is not ASCII.
    """

    def __init__(self, width: int, height: int, *, ascii: bool = False) -> None:
        self.width, self.height, self.ascii = max(0, width), max(0, height), ascii
        shape = (self.height, self.width)
        self.chars = np.full(shape, " ", dtype="<U1")
        # the same memory as code points: for painters that compute characters
        self.codes = self.chars.view(np.uint32)
        self.fg = np.full(shape, DEFAULT, dtype=np.int32)
        self.bg = np.full(shape, DEFAULT, dtype=np.int32)
        self.attr = np.zeros(shape, dtype=np.uint8)
        self.patches: list[Patch] = []

    def put(
        self, y: int, x: int, text: str, fg: int = DEFAULT, bg: int = DEFAULT, attr: int = 0
    ) -> None:
        """Write ``text`` from cell (y, x) to the right; what falls outside is left out."""
        if not 0 <= y < self.height or x >= self.width:
            return
        codes = _codes(text, self.ascii)
        codes = codes[max(0, -x) : max(0, self.width - x)]
        x = max(0, x)
        if codes.size:
            place = slice(x, x + codes.size)
            self.codes[y, place] = codes
            self.fg[y, place], self.bg[y, place], self.attr[y, place] = fg, bg, attr

    def changed_spans(self, previous: Canvas | None, gap: int = 4) -> list[tuple[int, int, int]]:
        """Where this frame differs from ``previous``: (row, first column, past the last column).

        Spans less than ``gap`` cells apart are one: moving a cursor costs about as much as
        writing them. A frame of another size, or none, differs everywhere.
        """
        if previous is None or previous.chars.shape != self.chars.shape:
            return [(y, 0, self.width) for y in range(self.height) if self.width]
        differs = self.codes != previous.codes
        differs |= self.fg != previous.fg
        differs |= self.bg != previous.bg
        differs |= self.attr != previous.attr
        spans: list[tuple[int, int, int]] = []
        rows, columns = np.nonzero(differs)
        if not rows.size:
            return spans
        breaks = np.flatnonzero((np.diff(rows) != 0) | (np.diff(columns) > gap))
        firsts, lasts = np.append(0, breaks + 1), np.append(breaks, rows.size - 1)
        for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
            spans.append((int(rows[first]), int(columns[first]), int(columns[last]) + 1))
        return spans

    def runs(self, y: int, start: int = 0, stop: int | None = None) -> Iterator[Run]:
        """Row ``y`` between two columns as the fewest runs of equal style."""
        place = slice(max(0, start), self.width if stop is None else min(stop, self.width))
        fg, bg, attr = self.fg[y, place], self.bg[y, place], self.attr[y, place]
        if not fg.size:
            return
        changes = (np.diff(fg) != 0) | (np.diff(bg) != 0) | (np.diff(attr) != 0)
        edges = [0, *(np.flatnonzero(changes) + 1).tolist(), fg.size]
        text = _row(self.chars[y, place])
        for a, b in pairwise(edges):
            yield Run(text[a:b], int(fg[a]), int(bg[a]), int(attr[a]))

    def text(self) -> str:
        """The characters alone, rows joined by newlines, blanks at row ends left out."""
        return "\n".join(_row(row).rstrip() for row in self.chars)

    def ansi(self, colour: bool = True) -> str:
        """The frame as text with escape sequences; without ``colour`` (NO_COLOR) only attributes.

        A row ends reset, so that rows may be placed anywhere.
        """
        return "\n".join(self._ansi_row(y, colour) for y in range(self.height))

    def _ansi_row(self, y: int, colour: bool) -> str:
        parts: list[str] = []
        styled = False
        for run in self.runs(y):
            codes = [code for bit, code in _SGR if run.attr & bit]
            if colour:
                codes += [_rgb(38, run.fg)] if run.fg >= 0 else []
                codes += [_rgb(48, run.bg)] if run.bg >= 0 else []
            if codes:
                parts.append(f"\x1b[0;{';'.join(codes)}m" if styled else f"\x1b[{';'.join(codes)}m")
            elif styled:
                parts.append("\x1b[0m")
            styled = bool(codes)
            parts.append(run.text)
        return "".join(parts) + ("\x1b[0m" if styled else "")


def safe(text: str, *, ascii: bool = False) -> str:
    """``text`` as one character a column: for names and labels that came from outside."""
    if text.isascii() and text.isprintable():
        return text
    if ascii:
        text = text.translate(_ASCII)
    kept: list[str] = []
    for char in text:
        if (ascii and not char.isascii()) or unicodedata.east_asian_width(char) in "WF":
            kept.append("?")
        elif unicodedata.category(char) not in ("Mn", "Me"):
            kept.append(char if char.isprintable() else "?")
    return "".join(kept)


@lru_cache(maxsize=4096)  # a frame says mostly what the frame before said
def _codes(text: str, ascii: bool) -> npt.NDArray[np.uint32]:
    return np.frombuffer(safe(text, ascii=ascii).encode(_UTF32), dtype=np.uint32)


def _row(chars: npt.NDArray[np.str_]) -> str:
    return chars.tobytes().decode(_UTF32)


def _rgb(layer: int, colour: int) -> str:
    return f"{layer};2;{colour >> 16};{(colour >> 8) & 255};{colour & 255}"
