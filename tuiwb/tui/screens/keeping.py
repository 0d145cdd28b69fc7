"""Keys that keep the runs in order: rename, tag, note, delete. Mixed into the first screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.style import Style
from textual import work

from tuiwb.base.errors import UserError
from tuiwb.base.format import size
from tuiwb.tui import palette
from tuiwb.tui.screens.ask import Ask
from tuiwb.tui.screens.write import Write

if TYPE_CHECKING:
    from textual.app import App

    from tuiwb.run.kept import RunSummary
    from tuiwb.tui.app import Workbench


class Keeping:
    """What can be done to the run under the cursor, live or over."""

    if TYPE_CHECKING:
        app: App[Any]
        workbench: Workbench

        def chosen_run(self) -> RunSummary | None: ...

        async def look_again(self, then: str = "") -> None: ...

        def say(self, text: str, style: Style = ..., seconds: float = ...) -> None: ...

    def action_rename(self) -> None:
        from tuiwb.run.place import alive

        if (run := self._run_here()) is None:
            return
        if run.live:
            self.workbench.complain(alive(run, "renamed"))
            return
        title = f"Call {run.id} from now on"
        self.app.push_screen(
            Write(title, "a new name", 100, run.id), lambda name: self._rename(run.path, name)
        )

    def _rename(self, path: Path, name: str | None) -> None:
        from tuiwb.run.place import rename

        if name and name != path.name:
            self._do(lambda: rename(path, name), f"{path.name} is now {name}", name)

    def action_tag(self) -> None:
        if (run := self._run_here()) is None:
            return
        has = f"{run.id} has {' '.join(run.tags)}" if run.tags else f"{run.id} has no tags"
        hint = "good -bad: adds good, takes bad away; keep: never pruned"
        self.app.push_screen(Write(has, hint, 200), lambda text: self._tag(run, text))

    def _tag(self, run: RunSummary, text: str | None) -> None:
        from tuiwb.run.labels import change_tags
        from tuiwb.run.layout import RunPaths

        words = (text or "").split()
        drop = [word[1:] for word in words if word.startswith("-")]
        add = [word.lstrip("+#") for word in words if not word.startswith("-")]
        if words:
            self._do(lambda: change_tags(RunPaths(run.path), add, drop), f"{run.id} is tagged")

    def action_note(self) -> None:
        if (run := self._run_here()) is None:
            return
        from tuiwb.client.notes import LONGEST

        self.app.push_screen(
            Write(f"Note on {run.id}", "one line, in your words", LONGEST),
            lambda text: self._note(run, text),
        )

    def _note(self, run: RunSummary, text: str | None) -> None:
        from tuiwb.client.notes import note

        if text:
            self._do(lambda: note(run.path, text, by="tui"), f"noted on {run.id}")

    def action_delete(self) -> None:
        from tuiwb.run.place import alive

        if (run := self._run_here()) is None:
            return
        if run.live:
            self.workbench.complain(alive(run, "deleted"))
        else:
            self._ask_to_delete(run)

    @work(exclusive=True, group="weigh")
    async def _ask_to_delete(self, run: RunSummary) -> None:
        from tuiwb.run.weight import weigh

        weight = await asyncio.to_thread(weigh, run.path)
        tags = f"\nIt is tagged {' '.join(run.tags)}." if run.tags else ""
        ask = Ask(
            f"Delete {run.id}?",
            f"It has {run.words}, and takes {size(weight.bytes)}.{tags}\n"
            "Its forks, if any, have all they need. What is deleted is gone.",
            [("", "keep it"), ("delete", "delete it for good")],
        )
        self.app.push_screen(ask, lambda answer: self._delete(run, answer))

    def _delete(self, run: RunSummary, answer: str | None) -> None:
        from tuiwb.run.place import remove

        if answer:
            self._do(lambda: remove(run.path), f"{run.id} is deleted")

    @work(group="keeping")
    async def _do(self, what: Callable[[], object], words: str, then: str = "") -> None:
        """Do it off the event loop, say so, and show the runs as they are then."""
        try:
            await asyncio.to_thread(what)
        except UserError as error:
            self.workbench.complain(error)
        else:
            self.say(words)
        await self.look_again(then)

    def _run_here(self) -> RunSummary | None:
        """The run under the cursor, where the cursor is among the runs."""
        run = self.chosen_run()
        if run is None:
            self.say("tab goes to the runs; choose one there", palette.DIM)
        return run
