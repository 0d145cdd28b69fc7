"""What goes over the wire: the cells that changed on the terminal, and nothing beside them.

Textual sends a changed span from the left edge of its widget, repaints all of a screen several
times while it is laid out, and styles every segment from scratch. Here the wire remembers what
stands on the terminal: an update writes only cells that differ from it, moves the cursor as little
as it can, and says of a style only what differs from the cell before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.color import Color, ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate

if TYPE_CHECKING:
    from tuiwb.tui.graphics.easel import Easel

_ATTRIBUTES = (
    ("bold", "1"),
    ("dim", "2"),
    ("italic", "3"),
    ("underline", "4"),
    ("reverse", "7"),
    ("strike", "9"),
)
_SYSTEMS = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
}

Codes = tuple[str, str, str]
"""Attributes, foreground, background: each as the parameters of one SGR sequence."""
Cell = tuple[str, Codes]
_UNKNOWN: Cell = ("\0", ("", "", ""))


class Wire:
    """The terminal as it stands, and the shortest way to what it should show."""

    def __init__(self) -> None:
        self._rows: dict[int, list[Cell]] = {}
        self.colour = True
        """Whether colours go out at all: attributes always do."""
        self._out: list[str] = []
        self._now: Codes | None = None
        self._at = (-1, -1)
        self.easel: Easel | None = None
        """The images on the terminal, where it shows any."""

    def forget(self) -> None:
        """The terminal may show anything now: it was resized, or another program wrote to it."""
        self._rows.clear()
        if self.easel is not None:
            self.easel.forget()

    def write(self, update: CompositorUpdate, console: Console) -> str:
        """Escape sequences and text that bring ``update`` to the terminal."""
        system = _SYSTEMS.get(console.color_system or "") if self.colour else None
        self._out, self._now, self._at = [], None, (-1, -1)
        easel, wrote = self.easel, list[tuple[int, int, int]]()
        if easel is not None:
            taken, uncertain = easel.before()
            self._out.append(taken)
            for y, begin, end in uncertain:
                row = self._rows.get(y, [])
                row[begin:end] = [_UNKNOWN] * len(row[begin:end])
        for y, x, segments in _placed(update):
            so_far = len(self._out)
            self._line(y, x, segments, system)
            if easel is not None and len(self._out) > so_far:
                wrote.append((y, x, self._at[1]))
        if self._now is not None:
            self._out.append("\x1b[m")
        if easel is not None:
            self._out.append(easel.after(wrote))
        return "".join(self._out)

    def _line(
        self, y: int, x: int, segments: Iterable[Segment], system: ColorSystem | None
    ) -> None:
        row = self._rows.setdefault(y, [])
        for text, style, control in segments:
            if control or not text:
                continue
            codes = _codes(style, system)
            for char, wide in _cells(text):
                if x + wide > len(row):
                    row += [_UNKNOWN] * (x + wide - len(row))
                cell = (char, codes)
                if row[x] != cell:
                    row[x] = cell
                    self._put(y, x, cell, wide)
                    if wide == 2:
                        row[x + 1] = ("", codes)
                x += wide

    def _put(self, y: int, x: int, cell: Cell, wide: int) -> None:
        row, column = self._at
        if row != y or column > x:
            self._out.append(f"\x1b[{y + 1};{x + 1}H")
        elif column < x:
            self._out.append(f"\x1b[{x - column}C" if x - column > 1 else "\x1b[C")
        self._at = (y, x + wide)
        char, codes = cell
        if codes != self._now:
            self._out.append(_change(self._now, codes))
            self._now = codes
        self._out.append(char)


class Thrifty(CompositorUpdate):
    """A compositor's update that goes out by a wire."""

    def __init__(self, update: CompositorUpdate, wire: Wire) -> None:
        self._update, self._wire = update, wire

    def render_segments(self, console: Console) -> str:
        """The escape sequences and text of the update."""
        return self._wire.write(self._update, console)


def thrifty(update: CompositorUpdate, wire: Wire) -> CompositorUpdate:
    """The same update, to be written by ``wire``; a kind that is not known goes out as it is."""
    if type(update) in (ChopsUpdate, LayoutUpdate):
        return Thrifty(update, wire)
    wire.forget()
    return update


def _placed(update: CompositorUpdate) -> Iterator[tuple[int, int, Iterable[Segment]]]:
    """The parts of an update: row, first column, segments."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            yield y, update.region.x, (segment for strip in strips for segment in strip)
    elif isinstance(update, ChopsUpdate):
        for y, x1, x2 in update.spans:
            for end, (start, strip) in zip(
                update.chop_ends[y], update.chops[y].items(), strict=False
            ):
                if strip is not None and start < x2 and end > x1:
                    left, right = max(start, x1), min(end, x2)
                    yield y, left, strip.crop(left - start, right - start)


def _cells(text: str) -> Iterator[tuple[str, int]]:
    """Characters with the columns that they take; marks stay with the character before."""
    if text.isascii():
        for char in text:
            yield char, 1
        return
    held, wide = "", 0
    for char in text:
        size = cell_len(char)
        if size == 0:
            held += char
            continue
        if wide:
            yield held, wide
        held, wide = held * (not wide) + char, size
    if wide:
        yield held, wide


@lru_cache(maxsize=4096)
def _codes(style: Style | None, system: ColorSystem | None) -> Codes:
    if style is None:
        return ("", "", "")
    attributes = ";".join(code for name, code in _ATTRIBUTES if getattr(style, name))
    return (attributes, _colour(style.color, system, True), _colour(style.bgcolor, system, False))


def _colour(colour: Color | None, system: ColorSystem | None, foreground: bool) -> str:
    if colour is None or system is None:
        return ""
    return ";".join(colour.downgrade(system).get_ansi_codes(foreground))


@lru_cache(maxsize=4096)
def _change(before: Codes | None, after: Codes) -> str:
    """The shortest sequence that turns one style into another."""
    if (
        before is None
        or before[0] != after[0]
        or any(b and not a for b, a in zip(before, after, strict=True))
    ):
        parts = [part for part in after if part]
        return f"\x1b[0;{';'.join(parts)}m" if parts else "\x1b[m"
    parts = [a for b, a in zip(before[1:], after[1:], strict=True) if a != b]
    return f"\x1b[{';'.join(parts)}m" if parts else ""
