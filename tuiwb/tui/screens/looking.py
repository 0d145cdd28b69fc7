"""What screens over a `Scene` share: following it, the panes in view, one sight for all of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import on, work

from tuiwb.base.errors import UserError
from tuiwb.run.resuming import can_be_resumed
from tuiwb.tui import follow
from tuiwb.tui.scene import SMOOTHING, Frame, Scene, Sight
from tuiwb.tui.screens.page import Page
from tuiwb.tui.screens.sight import SightActions
from tuiwb.tui.widgets.chart import ChartPane


class Looking(SightActions, Page):
    """Follows one run directory; leaving it changes nothing about the run."""

    PANES: ClassVar[tuple[str, ...]]
    """The panes in their order, each the id of a widget."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.sight = Sight()
        self.here = self.PANES[0]
        self.alone = False
        self.frame: Frame | None = None
        self.bench: Scene | None = None
        self.pace = follow.pace()
        self.frames = 0
        self._woken = asyncio.Event()
        self.charts: dict[str, ChartPane] = {}

    def applied(self, frame: Frame) -> None:
        """Show a frame."""
        raise NotImplementedError

    def arrange_panes(self) -> None:
        """Which panes are in view at this size, and which has the keys."""
        raise NotImplementedError

    def go(self, name: str) -> None:
        """Give the keys to a pane; where one is shown at a time, show that one."""
        self.here = name
        self.arrange_panes()

    def on_screen_resume(self) -> None:
        self.wake()
        self._follow()

    def on_screen_suspend(self) -> None:
        self.workers.cancel_group(self, "follow")

    def on_unmount(self) -> None:
        if self.bench is not None:
            self.bench.close()

    def on_resize(self) -> None:
        self.arrange_panes()

    def panes(self) -> dict[str, tuple[int, int]]:
        """The charts in view with their sizes; hidden ones are not painted at all."""
        if self.tiny:
            return {}
        return {
            name: (pane.content_size.width, pane.content_size.height)
            for name, pane in self.charts.items()
            if pane.display and pane.content_size.width and pane.content_size.height
        }

    def wake(self) -> None:
        """Something about the view changed: paint now rather than at the next tick."""
        self._woken.set()

    @work(exclusive=True, group="follow")
    async def _follow(self) -> None:
        """Beat after beat, each off the event loop; ended runs are waited on by nobody."""
        assert self.bench is not None
        loop = asyncio.get_running_loop()
        while self.is_current:
            self._woken.clear()
            try:
                frame = await asyncio.to_thread(self.bench.beat, self.sight, self.panes())
            except UserError as error:
                self.workbench.cannot_show(error)
                return
            self.applied(frame)
            if frame.view.behind:
                continue
            status, resumable = frame.view.status, can_be_resumed(frame.view)
            rest = self.pace.rest(status.state, status.ended_now, resumable)
            due = loop.time() + (rest or 0)
            try:
                await asyncio.wait_for(self._woken.wait(), rest)
            except TimeoutError:
                self.pace.tick(loop.time() - due)

    @on(ChartPane.Pointed)
    def _chart_pointed(self, event: ChartPane.Pointed) -> None:
        self.pointed(event)

    def action_next_pane(self) -> None:
        self.go(self.PANES[(self.PANES.index(self.here) + 1) % len(self.PANES)])

    def action_previous_pane(self) -> None:
        self.go(self.PANES[self.PANES.index(self.here) - 1])

    def action_maximise(self) -> None:
        self.enlarge()

    def enlarge(self) -> None:
        """This pane alone, or all panes again."""
        self.alone = not self.alone
        self.arrange_panes()

    def action_smoothing(self) -> None:
        self.look(smoothing=(self.sight.smoothing + 1) % len(SMOOTHING))
        share = SMOOTHING[self.sight.smoothing]
        self.say(f"smoothing over {share:.0%} of the view" if share else "no smoothing")

    def action_back(self) -> None:
        if self.sight.cursor is not None:
            self.look(cursor=None)
        elif self.alone:
            self.enlarge()
        else:
            self.depart()

    def depart(self) -> None:
        """Go where one came from."""
        self.app.pop_screen()

    def look(self, **changes: object) -> None:
        """Look at the run in another way."""
        self.sight = replace(self.sight, **changes)  # type: ignore[arg-type]
        self.wake()
