"""The same screen in other colours: dark, light, high contrast, the terminal's sixteen, or none.

Everything is painted in the colours of `palette` and of the charts; a theme says what becomes of
each as a line goes out. Lightness is what differs: hues stay those of Okabe and Ito.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from rich.color import Color, ColorType
from rich.style import Style
from textual.theme import Theme

from tuiwb.tui import palette

_SERIES = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#0072b2", "#f0e442")
_GREY = "#808080"
_BARS = {"#24313d", "#2d4152", palette.TEXT}
"""Grounds that say where the cursor is."""


@dataclass(frozen=True, eq=False)
class Look:
    """A theme: ``colours`` of the palette -> its own; what is not named stays, or takes the
    ``nearest`` named one. With ``reverse``, bars are the two colours of a line exchanged."""

    name: str
    words: str
    colours: Mapping[str, str] = field(default_factory=dict)
    ground: str = palette.INK
    nearest: bool = False
    reverse: bool = False
    colour: bool = True
    """Whether there is colour enough for a heat map; shades take its place."""
    fade: bool = True
    """Whether the quiet parts may be dim."""


_LIGHT = {
    palette.INK: "#ffffff", palette.RAISED: "#e9eef2", palette.LINE: "#c3ccd4",
    palette.TEXT: "#1f2830", palette.QUIET: "#56626e", palette.ACCENT: "#0067a6",
    palette.GOOD: "#00704e", palette.WARM: "#8f5a00", palette.ALARM: "#b23a12",
    palette.SPECIAL: "#9a3d74", "#f2f5f8": "#0a0f14", "#5c6873": "#75818c",
    "#24313d": "#d3e5f5", "#2d4152": "#bfdcf3", _GREY: "#69737c",
    "#56b4e9": "#1b7fbd", "#e69f00": "#a86f00", "#009e73": "#007a59", "#cc79a7": "#a8447c",
    "#d55e00": "#b84e00", "#0072b2": "#003f8a", "#f0e442": "#857d00", "#e6a52e": "#8f5a00",
}  # fmt: skip
_CONTRAST = {
    palette.INK: "#000000", palette.RAISED: "#1c1c1c", palette.LINE: "#a8b2bc",
    palette.TEXT: "#ffffff", palette.QUIET: "#dde3e8", palette.ACCENT: "#7cc8ff",
    palette.GOOD: "#4ce6ac", palette.WARM: "#ffc24d", palette.ALARM: "#ff8f6b",
    palette.SPECIAL: "#ff9ed2", "#f2f5f8": "#ffffff", "#5c6873": "#c2cad1",
    "#24313d": "#004b87", "#2d4152": "#005fa8", _GREY: "#c8c8c8",
    "#0072b2": "#5aa9e6", "#d55e00": "#ff7a1a", "#009e73": "#25d0a0",
}  # fmt: skip
_SIXTEEN = {
    palette.INK: "default", palette.RAISED: "default", palette.LINE: "dim",
    palette.TEXT: "default", palette.QUIET: "dim", palette.ACCENT: "cyan",
    palette.GOOD: "green", palette.WARM: "yellow", palette.ALARM: "red",
    palette.SPECIAL: "magenta", "#f2f5f8": "default", "#5c6873": "dim", _GREY: "dim",
    **dict(
        zip(
            _SERIES,
            ("cyan", "yellow", "green", "magenta", "red", "blue", "bright_yellow"),
            strict=True,
        )
    ),
}  # fmt: skip

_ANSI = {
    "ansi-background": "ansi_default", "ansi-foreground": "ansi_default",
    "border-blurred": "ansi_default",
    "block-cursor-foreground": "ansi_black", "block-cursor-background": "ansi_white",
    "input-cursor-background": "ansi_white", "input-cursor-foreground": "ansi_black",
    "input-cursor-text-style": "none",
    "input-selection-background": "ansi_white", "input-selection-foreground": "ansi_black",
    "screen-selection-background": "ansi_white", "screen-selection-foreground": "ansi_black",
}  # fmt: skip
"""What Textual's own style sheet asks of a theme of sixteen colours."""

LOOKS = {
    look.name: look
    for look in (
        Look("dark", "light on dark"),
        Look("light", "dark on light", _LIGHT, "#ffffff"),
        Look("contrast", "bright on black, nothing dim", _CONTRAST, "#000000", fade=False),
        Look("ansi16", "the terminal's own sixteen colours", _SIXTEEN, "default",
             nearest=True, reverse=True, colour=False),
        Look("none", "no colour at all", {}, "default", reverse=True, colour=False),
    )
}  # fmt: skip
DARK = LOOKS["dark"]
THEMES = ("dark", "light", "contrast", "ansi16")
"""Those that a person chooses from: NO_COLOR chooses none."""


def choose(wanted: str, colours: str | None, no_color: bool) -> Look:
    """The look for a terminal that can show ``colours`` (Rich's word), as a setting wants it."""
    if no_color:
        return LOOKS["none"]
    if wanted in THEMES:
        return LOOKS[wanted]
    return LOOKS["dark" if colours in ("256", "truecolor") else "ansi16"]


def css(look: Look) -> Theme:
    """The same for what Textual itself paints: borders, fields and grounds."""

    def of(colour: str) -> str:
        name = look.colours.get(colour, "default" if look.reverse else colour)
        return f"ansi_{'default' if name == 'dim' else name}" if look.reverse else name

    return Theme(
        name=f"tuiwb-{look.name}",
        primary=of(palette.ACCENT), secondary=of(palette.QUIET), accent=of(palette.ACCENT),
        warning=of(palette.WARM), error=of(palette.ALARM), success=of(palette.GOOD),
        foreground=of(palette.TEXT), background=of(palette.INK), surface=of(palette.INK),
        panel=of(palette.RAISED), boost=of(palette.INK) if look.reverse else None,
        dark=look.name != "light",
        ansi=look.reverse,
        variables={
            "line": of(palette.LINE), "quiet": of(palette.QUIET), **(_ANSI if look.reverse else {})
        },
    )  # fmt: skip


@lru_cache(maxsize=8192)
def themed(style: Style, look: Look) -> Style:
    """``style`` as a theme shows it."""
    if look is DARK:
        return style
    fore, back = style.color, style.bgcolor
    bar = look.reverse and back is not None and _hex(back) in _BARS
    attributes = {
        "bold": style.bold,
        "dim": style.dim,
        "reverse": True if bar else style.reverse,
        "underline": style.underline,
        "italic": style.italic,
        "strike": style.strike,
    }
    if not look.fade and style.dim:
        attributes["dim"] = None
    if look.name == "none":
        if fore is not None and _hex(fore) in (palette.ALARM, palette.WARM):
            attributes["bold"] = True
        return Style(**attributes)  # type: ignore[arg-type]
    own = None if bar else _own(fore, look, bool(style.dim))
    if own == "dim":
        own, attributes["dim"] = None, True
    ground = None if bar else _own(back, look, False, behind=True)
    return Style(color=own, bgcolor=ground, **attributes)  # type: ignore[arg-type]


def _hex(colour: Color) -> str:
    return colour.triplet.hex if colour.triplet is not None else ""


def _own(colour: Color | None, look: Look, dim: bool, behind: bool = False) -> str | None:
    if colour is None or colour.type is not ColorType.TRUECOLOR:
        return None if colour is None else colour.name
    known = look.colours.get(_hex(colour))
    if known is not None:
        return None if behind and known == "dim" else known
    if look.nearest:
        red, green, blue = colour.triplet or (0, 0, 0)
        near = min(_SERIES, key=lambda one: _far(one, (red, green, blue)))
        return None if behind else look.colours[near]
    if dim and look.name == "light":
        return _paler(colour)
    return _hex(colour)


def _far(one: str, other: tuple[int, int, int]) -> int:
    parts = (int(one[at : at + 2], 16) for at in (1, 3, 5))
    return sum((a - b) ** 2 for a, b in zip(parts, other, strict=True))


def _paler(colour: Color) -> str:
    """A band behind a line, on a light ground."""
    parts = colour.triplet or (0, 0, 0)
    return "#" + "".join(f"{(part + 3 * 255) // 4:02x}" for part in parts)
