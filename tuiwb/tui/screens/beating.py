"""A screen that looks again and again, off the event loop, while it is in front."""

from __future__ import annotations

import asyncio
from abc import ABCMeta, abstractmethod

from textual import work
from textual.message_pump import _MessagePumpMeta

from tuiwb.tui import follow
from tuiwb.tui.screens.page import Page


class Abstract(ABCMeta, _MessagePumpMeta):
    """For screens with abstract methods: Textual's own metaclass knows none."""


class Beating(Page, metaclass=Abstract):
    """Beat after beat, at the pace of the line. What lies beneath a window goes on; what lies
    beneath another screen waits."""

    def __init__(self) -> None:
        super().__init__()
        self.pace = follow.pace()
        self.frames = 0
        """Beats that were shown."""
        self._woken = asyncio.Event()

    @abstractmethod
    async def beat(self) -> float | None:
        """Look, and show what was seen; the seconds until the next look, None where nothing is
        awaited but `wake`, 0 where there is more to see at once."""

    def on_screen_resume(self) -> None:
        self.wake()
        self._follow()

    def on_screen_suspend(self) -> None:
        if not self.is_current:  # beneath a window it goes on
            self.workers.cancel_group(self, "follow")

    def relook(self) -> None:
        """Glyphs, colours or the rate are others now: paint everything anew."""
        self.pace = follow.pace(rate=self.workbench.rate)
        self.wake()

    def wake(self) -> None:
        """Something about the view changed: look now rather than at the next beat."""
        self._woken.set()

    @work(exclusive=True, group="follow")
    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        while self.is_current:
            self._woken.clear()
            rest = await self.beat()
            self.frames += 1
            if rest == 0:
                continue
            due = loop.time() + (rest or 0)
            try:
                await asyncio.wait_for(self._woken.wait(), rest)
            except TimeoutError:
                self.pace.tick(loop.time() - due)
