"""What goes over the wire for a partial update: the changed cells and nothing beside them.

Textual sends a changed span from the left edge of its widget and styles every segment from
scratch. On a chart whose last column moves, that is the whole chart. Here a span is cut at both
ends, the cursor moves as little as it can, and only the parts of a style that differ from the
cell before are said.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color, ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate

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


class ThriftyUpdate(ChopsUpdate):
    """Textual's partial update, written in as few bytes as the terminal needs."""

    @classmethod
    def of(cls, update: ChopsUpdate) -> ThriftyUpdate:
        """The same update, to be written thriftily."""
        return cls(update.chops, update.spans, update.chop_ends)

    def render_segments(self, console: Console) -> str:
        """The escape sequences and text of the update."""
        system = _SYSTEMS.get(console.color_system or "")
        out: list[str] = []
        now: Codes | None = None
        for y, x1, x2 in self.spans:
            place = -1
            for end, (start, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or start >= x2 or end <= x1:
                    continue
                left, right = max(start, x1), min(end, x2)
                if left != place:
                    out.append(f"\x1b[{y + 1};{left + 1}H")
                place = right
                for text, style, control in strip.crop(left - start, right - start):
                    if control or not text:
                        continue
                    codes = _codes(style, system)
                    if codes != now:
                        out.append(_change(now, codes))
                        now = codes
                    out.append(text)
        if now is not None:
            out.append("\x1b[m")
        return "".join(out)


@lru_cache(maxsize=4096)
def _codes(style: Style | None, system: ColorSystem | None) -> Codes:
    if style is None or system is None and not style:
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
    if before is None or before[0] != after[0] or any(b and not a for b, a in zip(before, after, strict=True)):
        parts = [part for part in after if part]
        return f"\x1b[0;{';'.join(parts)}m" if parts else "\x1b[m"
    parts = [a for b, a in zip(before[1:], after[1:], strict=True) if a != b]
    return f"\x1b[{';'.join(parts)}m" if parts else ""
