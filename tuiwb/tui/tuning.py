"""What of the workbench's look can be changed while it stands: theme, glyphs, rate."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from tuiwb.plots.glyphs import GLYPH_SETS, GlyphSet, choose
from tuiwb.tui import themes

if TYPE_CHECKING:
    from tuiwb.tui.app import Workbench

RATES = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Looks a second to choose from; 0 is what suits the line."""


def glyphs(wanted: str) -> GlyphSet:
    """The glyph set that is wanted, or what this terminal can show."""
    encoding = getattr(sys.__stdout__, "encoding", None)
    return choose(encoding, os.environ.get("TERM"), None if wanted == "auto" else wanted)


def take_look(app: Workbench, look: themes.Look) -> None:
    """Show everything in other colours."""
    app.look = look
    app.wire.colour = look.name != "none"
    app.theme = f"tuiwb-{look.name}"


def commands(app: Workbench) -> Iterator[SystemCommand]:
    """The palette's commands for it. What is chosen holds until the workbench is left."""
    for name in themes.THEMES if not app.no_color else ():
        words = f"{themes.LOOKS[name].words}, until you leave"
        yield SystemCommand(f"theme: {name}", words, lambda name=name: set_theme(app, name))
    for kind in GLYPH_SETS:
        words = f"Charts of {kind} characters, until you leave"
        yield SystemCommand(f"glyphs: {kind}", words, lambda kind=kind: set_glyphs(app, kind))
    for rate in RATES:
        name = f"{rate:g} Hz" if rate else "auto"
        words = f"Look at a run {rate:g} times a second" if rate else "As often as the line allows"
        yield SystemCommand(f"rate: {name}", words, lambda rate=rate: set_rate(app, rate))


def set_theme(app: Workbench, name: str) -> None:
    take_look(app, themes.LOOKS[name])
    repaint(app)
    _say(app, "theme", f'"{name}"')


def set_glyphs(app: Workbench, kind: GlyphSet) -> None:
    app.glyphs = kind
    app.set_class(kind == "ascii", "-ascii")
    for study in app.studies.values():
        study.glyphs = kind
    repaint(app)
    _say(app, "glyphs", f'"{kind}"')


def set_rate(app: Workbench, rate: float) -> None:
    app.rate = rate
    for screen in app.screen_stack:
        if hasattr(screen, "relook"):
            screen.relook()
    _say(app, "rate", f"{rate:g}")


def repaint(app: Workbench) -> None:
    """Every screen anew, as the app is now."""
    app.wire.forget()
    for screen in app.screen_stack:
        if hasattr(screen, "relook"):
            screen.relook()
        for widget in screen.query("*"):
            widget.notify_style_update()
            widget.refresh()


def _say(app: Workbench, name: str, value: str) -> None:
    from tuiwb.tui.screens.page import Page

    if isinstance(app.screen, Page):
        app.screen.say(f"{name} = {value} in {app.config.path} keeps it")
