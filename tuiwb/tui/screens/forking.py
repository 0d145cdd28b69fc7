"""Keys that start a child of the run: at the cursor, or before a finding with its remedy. Mixed
into the bench."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.style import Style
from textual import work

from tuiwb.base.errors import UserError
from tuiwb.tui import palette
from tuiwb.tui.evidence import span
from tuiwb.tui.findings import change_of
from tuiwb.tui.form import shown

if TYPE_CHECKING:
    from textual.app import App

    from tuiwb.run.view import RunView
    from tuiwb.tui.app import Workbench
    from tuiwb.tui.bench import Bench, Frame, Sight


class Forking:
    """What `RunScreen` does for ``f``, and for a remedy that takes a checkpoint."""

    path: Path
    frame: Frame | None
    bench: Bench | None
    sight: Sight

    if TYPE_CHECKING:
        app: App[Any]
        workbench: Workbench

        def finding(self) -> Mapping[str, Any] | None: ...

        def say(self, text: str, style: Style = ..., seconds: float = ...) -> None: ...

        def wake(self) -> None: ...

        def _set_up(
            self, view: RunView, finding: Mapping[str, Any], change: Mapping[str, Any]
        ) -> Any: ...

    @work(exclusive=True, group="family")
    async def look_for_children(self) -> None:
        """Mark on the charts where forks left this run."""
        from tuiwb.client.lineage import children

        if self.frame is not None and self.bench is not None:
            self.bench.children = await asyncio.to_thread(children, self.frame.view)
            self.wake()

    def action_fork(self) -> None:
        """A child from the checkpoint before the cursor, or from the newest."""
        if self.frame is None or self.bench is None:
            return
        at = self.sight.cursor
        step = None if at is None else self.bench.step_at(self.frame.view, self.sight.axis, at)
        self._fork(step)

    def action_apply(self) -> None:
        """A remedy that a running loop cannot take: in a child, from before the finding."""
        finding, view = self.finding(), self.frame.view if self.frame is not None else None
        tier, change, _ = change_of(finding) if finding is not None else ("", {}, "")
        ended = view is not None and view.status.ended_now
        if finding is not None and change and (tier == "branch" or (tier == "hot" and ended)):
            self._fork(max(0, span(finding)[0] - 1), finding, change)
        else:
            super().action_apply()  # type: ignore[misc]

    @work(exclusive=True, group="fork")
    async def _fork(
        self,
        at: int | None,
        finding: Mapping[str, Any] | None = None,
        change: Mapping[str, Any] | None = None,
    ) -> None:
        from tuiwb.client.fork import fork, prepared
        from tuiwb.tui.branch import BranchForm
        from tuiwb.tui.screens.branching import BranchScreen
        from tuiwb.tui.screens.consent import settled

        if self.frame is None:
            return
        view, app = self.frame.view, self.workbench
        try:
            form = BranchForm(await asyncio.to_thread(prepared, view, at, before=True))
        except UserError as error:
            if finding is not None:
                self._set_up(view, finding, change or {})  # from its beginning, then
            else:
                more = error.nearest and f" (the nearest: {error.nearest})"
                self.say(f"{error.what}{more}", palette.DIM, seconds=8.0)
            return
        for key, value in (change or {}).items():
            form.set(key, shown(value))
        if finding is not None and (form.errors or not form.typed):
            self._set_up(view, finding, change or {})
            return
        if await app.push_screen_wait(BranchScreen(form, at)) is None:
            return
        if not await settled(app, form.resolved):
            return
        self.say("starting the worker", palette.AMBER)
        sets = [word for text in form.overrides() for word in ("-s", text)]
        argv = ["tuiwb", "fork", view.id, "--at", str(form.prepared.step), *sets]
        try:
            path = await asyncio.to_thread(
                fork,
                form.prepared,
                app.runs_dir,
                form.overrides(),
                argv=argv,
                standby=app.standby,
            )
        except UserError as error:
            self.say("")
            app.complain(error)
            return
        app.show_run(path, instead=True)
