"""When the terminal is asked for images, and who hears of its answer. Mixed into the app."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tuiwb.tui.driver import Listening
from tuiwb.tui.graphics.means import Graphics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.driver import Driver
    from textual.screen import Screen

    from tuiwb.tui.output import Wire


class Imaging:
    """Images for the screen in front, if it has ``placed``."""

    graphics: Graphics
    wire: Wire

    if TYPE_CHECKING:
        _driver: Driver | None

        @property
        def screen(self) -> Screen[Any]: ...

        @property
        def screen_stack(self) -> Sequence[Screen[Any]]: ...

    def get_driver_class(self) -> type[Driver]:
        """Textual's own, with ears where it reads a terminal."""
        found: type[Driver] = super().get_driver_class()  # type: ignore[misc]
        return Listening if found is Listening.__base__ else found

    def ask_for_images(self) -> None:
        """There is a picture to show: ask the terminal, once, whether it shows images."""
        loop = asyncio.get_running_loop()

        def told() -> None:
            loop.call_soon_threadsafe(self._take_means)

        self.graphics.ask(self._driver, told)

    def come_back(self) -> None:
        """After the shell: it may be another terminal now."""
        self.wire.forget()
        self.graphics.forget()
        self._take_means()

    def _take_means(self) -> None:
        if self.wire.easel is None and self.graphics.means() is not None:
            from tuiwb.tui.graphics.easel import Easel

            self.wire.easel = Easel(lambda: getattr(self.screen, "placed", tuple)())
            self.graphics.part_with(self.wire.easel.clear)
        for screen in self.screen_stack:
            if hasattr(screen, "relook"):
                screen.relook()
