"""A screen that follows one run: beat after beat off the event loop while it is in front."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from dataclasses import replace
from pathlib import Path

from tuiwb.base.errors import UserError
from tuiwb.run.resuming import can_be_resumed
from tuiwb.tui.scene import Frame, Scene, Sight
from tuiwb.tui.screens.beating import Beating

QUICK, LONG = 0.05, 0.25
"""Seconds of reading between two frames: while a run is followed, and through a long one."""


class Following(Beating):
    """Looks at a run through its `Scene`; leaving it changes nothing about the run."""

    SLOWLY = 0.0
    """Seconds that lie between two looks at least."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.sight = Sight()
        self.frame: Frame | None = None
        self.bench: Scene | None = None
        self._budget = LONG  # most runs are read whole in it, and painted once

    @abstractmethod
    def applied(self, frame: Frame) -> None:
        """Show a frame."""

    @abstractmethod
    def panes(self) -> dict[str, tuple[int, int]]:
        """What is in view, with its sizes; what is hidden is not painted at all."""

    def on_unmount(self) -> None:
        if self.bench is not None:
            self.bench.close()

    def relook(self) -> None:
        if self.bench is not None:
            self.bench.glyphs, self.bench.colour = self.workbench.glyphs, self.workbench.look.colour
            self.bench.means = self.workbench.graphics.means()
        super().relook()

    async def beat(self) -> float | None:
        """A look at the run; one that has ended is waited on by nobody."""
        assert self.bench is not None
        try:
            frame = await asyncio.to_thread(self.bench.beat, self.sight, self.panes(), self._budget)
        except UserError as error:
            if self.is_active:  # where a window lies over it, that comes to its end first
                self.workbench.cannot_show(error)
            return None
        self.applied(frame)
        self._budget = LONG if frame.view.behind else QUICK
        if frame.view.behind:
            return 0.0
        status = frame.view.status
        rest = self.pace.rest(status.state, status.ended_now, can_be_resumed(frame.view))
        return None if rest is None else max(rest, self.SLOWLY)

    def look(self, **changes: object) -> None:
        """Look at the run in another way."""
        self.sight = replace(self.sight, **changes)  # type: ignore[arg-type]
        self.wake()
