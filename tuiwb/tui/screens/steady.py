"""Screens that take up the terminal's size as it is now, and no other: pages, windows, the palette.

Textual tells a screen each size that it has taken up once more. Where two are under way at a time
(a terminal that knows no size has two, and a storm of resizes more) they would follow each other
for ever, each painted whole, and no key would be heard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.command import CommandPalette
from textual.screen import ModalScreen, ScreenResultType

if TYPE_CHECKING:
    from textual.app import App
    from textual.events import Resize


class Steady:
    """Passes over sizes that the terminal has no more. Before Textual's screen among the bases."""

    if TYPE_CHECKING:
        app: App[Any]

    async def _on_resize(self, event: Resize) -> None:
        if event.size != self.app.size:
            event.prevent_default()


class Window(Steady, ModalScreen[ScreenResultType]):
    """A window over a page."""


class Palette(Steady, CommandPalette):
    """Textual's, of the actions by their names."""
