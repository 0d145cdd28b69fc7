"""Marking runs and comparing them. Mixed into the first screen and the bench."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.style import Style
from textual import work

from tuiwb.tui import palette

if TYPE_CHECKING:
    from textual.app import App

    from tuiwb.run.kept import RunSummary
    from tuiwb.tui.app import Workbench
    from tuiwb.tui.scene import Frame


class Marking:
    """Which runs are marked, and what is compared with what."""

    marked: dict[str, Path]
    """By the names of their folders, in the order in which they were marked."""

    if TYPE_CHECKING:
        app: App[Any]
        workbench: Workbench

        def chosen_run(self) -> RunSummary | None: ...
        def show_runs(self) -> None: ...
        def action_down(self) -> None: ...
        def key(self, name: str) -> str: ...
        def say(self, text: str, style: Style = ..., seconds: float = ...) -> None: ...

    def action_mark(self) -> None:
        """Mark the run under the cursor, or take its mark away, and go on to the next."""
        run = self.chosen_run()
        if run is None:
            self.say(f"{self.key('switch')} goes to the runs; mark them there", palette.DIM)
            return
        if self.marked.pop(run.name, None) is None:
            self.marked[run.name] = run.path
        count = len(self.marked)
        self.say(f"{count} marked; {self.key('compare')} compares them" if count else "none marked")
        self.action_down()
        self.show_runs()

    def action_compare(self) -> None:
        """Compare the marked runs, or a fork under the cursor with its parent."""
        run = self.chosen_run()
        paths = list(self.marked.values())
        if len(paths) == 1 and run is not None and run.path not in paths:
            paths.append(run.path)
        if not paths and run is not None and run.parent:
            from tuiwb.client.lineage import beside

            parent = beside(run.path, run.parent)
            paths = [parent, run.path] if parent is not None else []
        if len(paths) < 2:
            self.say(f"{self.key('mark')} marks runs, two or more, to compare them", palette.DIM)
        else:
            self.workbench.show_comparison(paths)


class ComparingKin:
    """A run on the bench beside the one that it was forked from, or beside its own forks."""

    if TYPE_CHECKING:
        frame: Frame | None
        path: Path
        workbench: Workbench

        def say(self, text: str, style: Style = ..., seconds: float = ...) -> None: ...

    def action_compare(self) -> None:
        """Compare with the parent; a run that has none with its forks."""
        if self.frame is not None:
            self._compare_kin()

    @work(exclusive=True, group="kin")
    async def _compare_kin(self) -> None:
        from tuiwb.client.lineage import beside, children, forked

        assert self.frame is not None
        view = self.frame.view
        parent = forked(view.meta)
        place = beside(self.path, parent[0]) if parent is not None else None
        if place is not None and place.is_dir():
            kin = [place, self.path]
        else:
            found = await asyncio.to_thread(children, view)
            kin = [self.path, *(self.path.parent / child.name for child in found)]
        if len(kin) > 1:
            self.workbench.show_comparison(kin, baseline=kin[0].name)
        elif parent is not None:
            self.say(f"its parent {parent[0]} is not here any more", palette.DIM)
        else:
            self.say("it has no parent and no forks; f makes one", palette.DIM)
