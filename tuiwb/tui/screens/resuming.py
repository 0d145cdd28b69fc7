"""The key that goes on with a run which ended before it was done. Mixed into the bench."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from rich.style import Style
from textual import work

from tuiwb.base.errors import UserError
from tuiwb.run.resuming import can_be_resumed
from tuiwb.tui import palette

if TYPE_CHECKING:
    from tuiwb.run.view import RunView
    from tuiwb.tui.app import Workbench
    from tuiwb.tui.bench import Frame


class Resuming:
    """What `RunScreen` does for ``r``."""

    path: Path
    frame: Frame | None

    if TYPE_CHECKING:
        workbench: Workbench

        def say(self, text: str, style: Style = ..., seconds: float = ...) -> None: ...

        def wake(self) -> None: ...

    def labels(self, view: RunView) -> dict[str, str]:
        """What the key bar says differently of this state."""
        others: dict[str, str] = super().labels(view)  # type: ignore[misc]
        return others if can_be_resumed(view) else others | {"resume": ""}

    def action_resume(self) -> None:
        view = self.frame.view if self.frame is not None else None
        if view is not None and not view.status.ended_now:
            paused = view.status.state == "paused"
            self.say("space goes on with it" if paused else "it is being trained", palette.DIM)
            return
        self.say(f"{self.path.name}: a worker is started", palette.AMBER)
        self._resume()

    @work(exclusive=True, group="resume")
    async def _resume(self) -> None:
        error = await resumed(self.workbench, self.path)
        if error is not None:
            self.say("")
            self.workbench.complain(error)
            return
        self.say(f"{self.path.name} goes on from its newest checkpoint")
        self.wake()


async def resumed(workbench: Workbench, path: Path) -> UserError | None:
    """Start a worker on a run, off the event loop; the `UserError` where there is none to start."""
    from tuiwb.client.resume import resume

    try:
        await asyncio.to_thread(resume, path, standby=workbench.standby)
    except UserError as error:
        return error
    return None
