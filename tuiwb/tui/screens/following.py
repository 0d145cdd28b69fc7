"""A screen that follows one run: beat after beat off the event loop while it is in front."""

from __future__ import annotations

import asyncio
from abc import ABCMeta, abstractmethod
from dataclasses import replace
from pathlib import Path

from textual import work
from textual.message_pump import _MessagePumpMeta

from tuiwb.base.errors import UserError
from tuiwb.run.resuming import can_be_resumed
from tuiwb.tui import follow
from tuiwb.tui.scene import Frame, Scene, Sight
from tuiwb.tui.screens.page import Page

QUICK, LONG = 0.05, 0.25
"""Seconds of reading between two frames: while a run is followed, and through a long one."""


class Abstract(ABCMeta, _MessagePumpMeta):
    """For screens with abstract methods: Textual's own metaclass knows none."""


class Following(Page, metaclass=Abstract):
    """Looks at a run through its `Scene`; leaving it changes nothing about the run."""

    SLOWLY = 0.0
    """Seconds that lie between two looks at least."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.sight = Sight()
        self.frame: Frame | None = None
        self.bench: Scene | None = None
        self.pace = follow.pace()
        self.frames = 0
        self._woken = asyncio.Event()

    @abstractmethod
    def applied(self, frame: Frame) -> None:
        """Show a frame."""

    @abstractmethod
    def panes(self) -> dict[str, tuple[int, int]]:
        """What is in view, with its sizes; what is hidden is not painted at all."""

    def on_screen_resume(self) -> None:
        self.wake()
        self._follow()

    def on_screen_suspend(self) -> None:
        self.workers.cancel_group(self, "follow")

    def on_unmount(self) -> None:
        if self.bench is not None:
            self.bench.close()

    def relook(self) -> None:
        """Glyphs, colours or the rate are others now: paint everything anew."""
        self.pace = follow.pace(rate=self.workbench.rate)
        if self.bench is not None:
            self.bench.glyphs, self.bench.colour = self.workbench.glyphs, self.workbench.look.colour
            self.bench.means = self.workbench.graphics.means()
            self.wake()

    def wake(self) -> None:
        """Something about the view changed: paint now rather than at the next tick."""
        self._woken.set()

    @work(exclusive=True, group="follow")
    async def _follow(self) -> None:
        """Beat after beat, each off the event loop; ended runs are waited on by nobody."""
        assert self.bench is not None
        loop = asyncio.get_running_loop()
        budget = LONG  # most runs are read whole in it, and painted once
        while self.is_current:
            self._woken.clear()
            try:
                frame = await asyncio.to_thread(self.bench.beat, self.sight, self.panes(), budget)
            except UserError as error:
                self.workbench.cannot_show(error)
                return
            self.applied(frame)
            budget = LONG if frame.view.behind else QUICK
            if frame.view.behind:
                continue
            status, resumable = frame.view.status, can_be_resumed(frame.view)
            rest = self.pace.rest(status.state, status.ended_now, resumable)
            rest = None if rest is None else max(rest, self.SLOWLY)
            due = loop.time() + (rest or 0)
            try:
                await asyncio.wait_for(self._woken.wait(), rest)
            except TimeoutError:
                self.pace.tick(loop.time() - due)

    def look(self, **changes: object) -> None:
        """Look at the run in another way."""
        self.sight = replace(self.sight, **changes)  # type: ignore[arg-type]
        self.wake()
