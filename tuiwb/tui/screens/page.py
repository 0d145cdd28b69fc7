"""What all screens share: keys from the registry, a key bar, and size classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingsMap
from textual.screen import Screen

from tuiwb.tui import actions, palette
from tuiwb.tui.screens.steady import Steady
from tuiwb.tui.widgets.keybar import KeyBar

if TYPE_CHECKING:
    from rich.style import Style
    from textual.events import Mount, Resize
    from textual.geometry import Size

    from tuiwb.tui.app import Workbench

WIDE = 120
"""Columns from which all panes stand side by side."""


class Page(Steady, Screen[None]):
    """A full screen with a context of its own in the action registry."""

    CONTEXT: ClassVar[actions.Context]
    HORIZONTAL_BREAKPOINTS = ((0, "-tiny"), (60, "-narrow"), (WIDE, "-wide"))  # type: ignore[assignment]
    VERTICAL_BREAKPOINTS = ((0, "-flat"), (16, "-low"), (30, "-tall"), (38, "-high"))  # type: ignore[assignment]
    AUTO_FOCUS = None

    def __init__(self) -> None:
        super().__init__()
        self.keybar = KeyBar(self.CONTEXT)
        self._quiet: object = None

    def _on_mount(self, event: Mount) -> None:  # Textual calls that of every base itself
        own = BindingsMap(actions.bindings(self.CONTEXT, self.workbench.actions)).key_to_bindings
        # in the place of Textual's own for the same keys, which come first: tab, for one
        self._bindings = BindingsMap.from_keys({**self._bindings.key_to_bindings, **own})
        self._suit(self.app.size)

    async def _on_resize(self, event: Resize) -> None:
        self._suit(event.size)

    def _suit(self, size: Size) -> None:
        """Take the classes of a size before it is laid out for: Textual itself does it after, and
        then lays it out, and paints it, once more."""
        fits = {
            *self._get_breakpoint_classes(size.width, [*self.HORIZONTAL_BREAKPOINTS]),
            *self._get_breakpoint_classes(size.height, [*self.VERTICAL_BREAKPOINTS]),
        }
        known = (*self.HORIZONTAL_BREAKPOINTS, *self.VERTICAL_BREAKPOINTS)
        self.update_classes({name: name in fits for _, name in known}, animate=False)

    def key(self, name: str) -> str:
        """The key of one of this screen's actions, as it stands on the keyboard."""
        own = actions.of(self.CONTEXT, self.workbench.actions)
        keys = next((action.keys for action in own if action.name == name), ())
        return actions.key_name(keys[0]) if keys else "no key"

    @property
    def workbench(self) -> Workbench:
        """The app, as what it is."""
        return cast("Workbench", self.app)

    @property
    def tiny(self) -> bool:
        """Too small for panes: numbers and lists alone."""
        return self.size.width < 60 or self.size.height < 16

    @property
    def wide(self) -> bool:
        """Room for all panes at once."""
        return self.size.width >= WIDE and self.size.height >= 30

    def say(self, text: str, style: Style = palette.BLUE, seconds: float = 6.0) -> None:
        """A passing notice in the key bar."""
        self.keybar.notice(text, style)
        timer = self.set_timer(seconds, lambda: self.keybar.notice(""))
        if self._quiet is not None:
            self._quiet.stop()  # type: ignore[attr-defined]
        self._quiet = timer
