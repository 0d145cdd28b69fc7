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
from tuiwb.client.settings import applied
from tuiwb.spec.toml import literal
from tuiwb.tui import palette
from tuiwb.tui.bench import Frame
from tuiwb.tui.findings import change_of
from tuiwb.tui.journal import study_line

if TYPE_CHECKING:
    from textual.app import App

    from tuiwb.run.view import RunView
    from tuiwb.tui.app import Workbench


def study_found(view: RunView, answer: Mapping[str, Any]) -> str | None:
    """The figures of the study that a command asked for, in a line; None where it asked none."""
    name = dict(answer.get("args") or {}).get("study")
    told = [e for e in view.events if e.get("kind") == "study" and e.get("name") == name]
    return f"step {answer.get('step')}: {study_line(told[-1])}" if name and told else None


class Steering:
    """What `RunScreen` asks of its run; ``_asked`` is the command whose answer is awaited."""

    path: Path
    frame: Frame | None
    _asked: tuple[str, str] | None

    if TYPE_CHECKING:
        app: App[Any]
        workbench: Workbench

        def finding(self) -> Mapping[str, Any] | None: ...

        def say(self, text: str, style: Style = ..., seconds: float = ...) -> None: ...

    def labels(self, view: RunView) -> dict[str, str]:
        """What the key bar says differently of this state."""
        if view.status.ended_now:
            return {"detach": "leave", "stop": "", "pause": "", "single_step": "", "study": ""}
        if view.own:
            return {"pause": "", "single_step": "", "study": ""}
        return {"pause": "resume"} if view.status.state == "paused" else {"single_step": ""}

    def _live(self) -> RunView | None:
        """The run where it can be asked something; else it says why not."""
        if self.frame is None or self.frame.view.status.ended_now:
            self.say("this run has ended already", palette.DIM)
            return None
        return self.frame.view

    def _steered(self) -> RunView | None:
        """The same of a loop that is ours; of the user's own it says that only a stop is heard."""
        view = self._live()
        if view is not None and view.own:
            self.say("this loop is your own: X can ask it to stop, no more", palette.DIM)
            return None
        return view

    def action_pause(self) -> None:
        if (view := self._steered()) is not None:
            self._send("resume" if view.status.state == "paused" else "pause")

    def action_single_step(self) -> None:
        if (view := self._steered()) is None:
            return
        if view.status.state == "paused":
            self._send("step", {"steps": 1})
        else:
            self.say("space pauses it; then each . takes one step", palette.DIM)

    def action_apply(self) -> None:
        """The remedy of the chosen finding: into the running loop, or into a set-up."""
        finding = self.finding()
        if finding is None or self.frame is None:
            self.say("nothing was found that could be put right", palette.DIM)
            return
        tier, change, words = change_of(finding)
        view = self.frame.view
        if not change:
            self.say(words or "no knob helps here", palette.DIM)
        elif view.own:
            told = ", ".join(f"{key} = {literal(value)}" for key, value in change.items())
            self.say(f"this loop is your own: there, {told}", palette.DIM)
        elif tier != "hot" or view.status.ended_now:
            self._set_up(view, finding, change)
        elif (done := applied(view, finding)) is not None:
            self.say(f"it was set at step {done.get('step')} already", palette.DIM)
        else:
            self._send("set", change, by=f"doctor:{finding.get('symptom')}")

    @work(exclusive=True, group="set up")
    async def _set_up(
        self, view: RunView, finding: Mapping[str, Any], change: Mapping[str, Any]
    ) -> None:
        from tuiwb.client.settings import settings
        from tuiwb.spec import resolve
        from tuiwb.tui.screens.setup import SetupScreen

        if view.spec is None:
            self.say("its spec cannot be read", palette.RED)
            return
        try:
            base = await asyncio.to_thread(resolve, view.path / "spec.toml")
        except UserError as error:
            self.workbench.complain(error)
            return
        parent = {"run": view.id, "step": None, "finding": str(finding.get("symptom", ""))}
        screen = SetupScreen(base, {**settings(view.events), **change}, parent)
        self.app.push_screen(screen)
        branch = change_of(finding)[0] == "branch"
        screen.say(
            f"a new run after {view.id}, with the remedy"
            + ("; from a checkpoint comes with tuiwb fork" if branch else ""),
            seconds=12,
        )

    def action_stop(self) -> None:
        from tuiwb.tui.screens.ask import Ask

        if (view := self._live()) is None:
            return
        ask = Ask(
            f"Stop {self.path.name}?",
            "It is asked: run.stop_requested is set, and the loop ends when it looks there. Under "
            "a trainer it ends after this step."
            if view.own
            else "It ends after this step and keeps what it has learnt in a checkpoint.",
            [("stop", "ask it to stop" if view.own else "stop after this step"),
             ("", "go on training")],
        )  # fmt: skip
        self.app.push_screen(ask, self._stop)

    def _stop(self, answer: str | None) -> None:
        if answer:
            self._send(answer)

    def action_study(self) -> None:
        """Ask which study, and for its figures."""
        from tuiwb.spec.declarations import STUDIES, study_words
        from tuiwb.tui.screens.ask import Ask

        if (view := self._steered()) is None:
            return
        if view.spec is not None and not view.spec.spec.task.one_loss:
            self.say("this task follows no gradient of one loss that could be studied", palette.DIM)
            return
        answers = [(name, f"{name:15} {study_words(name)}") for name in STUDIES.names()]
        ask = Ask("Look into the model", "Training waits for it; no bit of it changes.", answers)
        self.app.push_screen(ask, self._study)

    def _study(self, name: str | None) -> None:
        if name:
            self._send("probe", {"study": name})

    @work(group="commands")
    async def _send(
        self, command: str, args: Mapping[str, Any] | None = None, by: str = "tui"
    ) -> None:
        from tuiwb.client.commands import send

        try:
            asked = await asyncio.to_thread(send, self.path, command, args, by)
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
            if (figures := study_found(view, answer)) is not None:
                self.say(figures, seconds=30.0)
                return
            self.say(f"{command}: done at step {step}" if step is not None else f"{command}: done")
        else:
            self.say(f"{command} refused: {answer.get('reason', '')}", palette.RED)

    @work(exclusive=True, group="regenerate")
    async def _again(self) -> None:
        from tuiwb.client.launch import launch
        from tuiwb.spec.redraw import redrawn

        spec, app = self.frame.view.spec if self.frame else None, self.workbench
        if self.frame is not None and self.frame.view.own:
            self.say("this loop is your own: start it again where you did", palette.DIM)
            return
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
