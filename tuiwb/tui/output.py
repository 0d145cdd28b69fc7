"""What goes over the wire: for a partial update the changed cells and nothing beside them.

Textual sends a changed span from the left edge of its widget and styles every segment from
scratch. On a chart whose last column moves, that is the whole chart. Here a span is cut at both
ends, the cursor moves as little as it can, and only the parts of a style that differ from the
cell before are said.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from rich.color import Color, ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate

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


class Pen:
    """Writes segments, and of each style only what differs from the one before."""

    def __init__(self, console: Console) -> None:
        self.system = _SYSTEMS.get(console.color_system or "")
        self.out: list[str] = []
        self._now: Codes | None = None

    def move(self, x: int, y: int) -> None:
        """To a cell, counted from 0."""
        self.out.append(f"\x1b[{y + 1};{x + 1}H")

    def write(self, segments: Iterable[Segment]) -> None:
        """Segments from where the pen is."""
        for text, style, control in segments:
            if control or not text:
                continue
            codes = _codes(style, self.system)
            if codes != self._now:
                self.out.append(_change(self._now, codes))
                self._now = codes
            self.out.append(text)

    def text(self) -> str:
        """All that was written, with the style put back."""
        return "".join(self.out) + ("\x1b[m" if self._now is not None else "")


class ThriftySpans(ChopsUpdate):
    """Textual's partial update, written in as few bytes as the terminal needs."""

    def render_segments(self, console: Console) -> str:
        """The escape sequences and text of the update."""
        pen = Pen(console)
        for y, x1, x2 in self.spans:
            place = -1
            for end, (start, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or start >= x2 or end <= x1:
                    continue
                left, right = max(start, x1), min(end, x2)
                if left != place:
                    pen.move(left, y)
                place = right
                pen.write(strip.crop(left - start, right - start))
        return pen.text()


class ThriftyLayout(LayoutUpdate):
    """Textual's full update, written in as few bytes."""

    def render_segments(self, console: Console) -> str:
        """The escape sequences and text of the update."""
        pen = Pen(console)
        for y, strips in enumerate(self.strips, self.region.y):
            pen.move(self.region.x, y)
            for strip in strips:
                pen.write(strip)
        return pen.text()


def thrifty(update: CompositorUpdate) -> CompositorUpdate:
    """The same update, to be written thriftily."""
    if type(update) is ChopsUpdate:
        return ThriftySpans(update.chops, update.spans, update.chop_ends)
    if type(update) is LayoutUpdate:
        return ThriftyLayout(update.strips, update.region)
    return update


@lru_cache(maxsize=4096)
def _codes(style: Style | None, system: ColorSystem | None) -> Codes:
    if style is None or (system is None and not style):
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
