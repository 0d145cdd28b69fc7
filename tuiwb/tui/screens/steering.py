"""Keys that ask something of a run, or start another like it. Mixed into the bench."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.style import Style
from textual import work

from tuiwb.base.errors import UserError
from tuiwb.tui import palette
from tuiwb.tui.bench import Frame

if TYPE_CHECKING:
    from textual.app import App

    from tuiwb.run.view import RunView
    from tuiwb.tui.app import Workbench


class Steering:
    """What `RunScreen` asks of its run; ``_asked`` is the command whose answer is awaited."""

    path: Path
    frame: Frame | None
    _asked: tuple[str, str] | None

    if TYPE_CHECKING:
        app: App[Any]
        workbench: Workbench

        def say(self, text: str, style: Style = ..., seconds: float = ...) -> None: ...

    def labels(self, view: RunView) -> dict[str, str]:
        """What the key bar says differently of this state."""
        if view.status.ended_now:
            return {"detach": "leave", "stop": "", "pause": "", "single_step": ""}
        return {"pause": "resume"} if view.status.state == "paused" else {"single_step": ""}

    def _live(self) -> RunView | None:
        """The run where it can be asked something; else it says why not."""
        if self.frame is None or self.frame.view.status.ended_now:
            self.say("this run has ended already", palette.DIM)
            return None
        return self.frame.view

    def action_pause(self) -> None:
        if (view := self._live()) is not None:
            self._send("resume" if view.status.state == "paused" else "pause")

    def action_single_step(self) -> None:
        if (view := self._live()) is None:
            return
        if view.status.state == "paused":
            self._send("step", {"steps": 1})
        else:
            self.say("space pauses it; then each . takes one step", palette.DIM)

    def action_stop(self) -> None:
        from tuiwb.tui.screens.ask import Ask

        if self._live() is None:
            return
        ask = Ask(
            f"Stop {self.path.name}?",
            "It ends after this step and keeps what it has learnt in a checkpoint.",
            [("stop", "stop after this step"), ("", "go on training")],
        )
        self.app.push_screen(ask, self._stop)

    def _stop(self, answer: str | None) -> None:
        if answer:
            self._send(answer)

    @work(group="commands")
    async def _send(self, command: str, args: Mapping[str, Any] | None = None) -> None:
        from tuiwb.client.commands import send

        try:
            asked = await asyncio.to_thread(send, self.path, command, args, "tui")
        except UserError as error:
            self.say(error.what, palette.RED)
            return
        self._asked = (asked, command)
        self.say(f"{command}: asked, waiting for the step to end", palette.AMBER)

    def answered(self, view: RunView) -> None:
        """Say what became of the command that was sent; the journal is where the answer stands."""
        if self._asked is None:
            return
        asked, command = self._asked
        answer = next((e for e in reversed(view.events) if e.get("id") == asked), None)
        if answer is None:
            if view.status.ended_now:
                self.say(f"{command}: the run ended without an answer", palette.RED)
                self._asked = None
            return
        self._asked = None
        if answer.get("accepted", True):
            step = answer.get("step")
            self.say(f"{command}: done at step {step}" if step is not None else f"{command}: done")
        else:
            self.say(f"{command} refused: {answer.get('reason', '')}", palette.RED)

    @work(exclusive=True, group="regenerate")
    async def _again(self) -> None:
        from tuiwb.client.launch import launch
        from tuiwb.spec.redraw import redrawn

        spec, app = self.frame.view.spec if self.frame else None, self.workbench
        if spec is None:
            self.say("its spec cannot be read", palette.RED)
            return
        try:
            new = redrawn(spec)
            argv = shlex.split(new.command())
            path = await asyncio.to_thread(
                launch, new, app.runs_dir, argv=argv, standby=app.standby
            )
        except UserError as error:
            app.complain(error)
            return
        app.show_run(path, instead=True)

    def action_regenerate(self) -> None:
        self._again()
