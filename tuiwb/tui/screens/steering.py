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
from tuiwb.run.facts import QUEUED
from tuiwb.spec.toml import literal
from tuiwb.tui import palette
from tuiwb.tui.findings import change_of
from tuiwb.tui.journal import study_line
from tuiwb.tui.scene import Frame

if TYPE_CHECKING:
    from textual.app import App

    from tuiwb.run.view import RunView
    from tuiwb.tui.app import Workbench


_LOOK = 0.02
"""Seconds between looks for an answer."""
STEERED = ("pause", "single_step", "study", "set")
"""What only a loop of ours that goes on hears of."""
_OURS = ("fork", "regenerate")
"""What starts a run with the same spec: a loop of the user's own has none that says all."""


class Steering:
    """What `RunScreen` asks of its run."""

    path: Path
    frame: Frame | None

    if TYPE_CHECKING:
        app: App[Any]
        workbench: Workbench

        def finding(self) -> Mapping[str, Any] | None: ...

        def say(self, text: str, style: Style = ..., seconds: float = ...) -> None: ...

        def wake(self) -> None: ...

    def labels(self, view: RunView) -> dict[str, str]:
        """What the key bar says differently of this state."""
        none = dict.fromkeys((*STEERED, *(_OURS if view.own else ())), "")
        kept = view.meta.get("parent") or any(e["kind"] == "checkpoint" for e in view.events)
        if view.gone or not kept:
            none["fork"] = ""  # there is nothing to fork from
        if view.status.ended_now:
            return {"detach": "leave", "stop": "", **none}
        if view.status.state == QUEUED:
            return {"detach": "leave", "stop": "out of the queue", **none}
        if view.own:
            return none
        fork = {"fork": none["fork"]} if "fork" in none else {}
        paused = view.status.state == "paused"
        return fork | ({"pause": "resume"} if paused else {"single_step": ""})

    def _live(self) -> RunView | None:
        """The run where it can be asked something; else it says why not."""
        if self.frame is None:
            self.say("the run is being opened", palette.DIM)
            return None
        if self.frame.view.status.ended_now:
            self.say("this run has ended already", palette.DIM)
            return None
        if self.frame.view.status.state == QUEUED:
            self.say("it waits in a queue: X takes it out, and all else comes later", palette.DIM)
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

    def action_set(self) -> None:
        """Turn hot knobs: their values now, in a small window."""
        from tuiwb.tui.hot import HotForm
        from tuiwb.tui.screens.setting import SettingScreen

        if (view := self._steered()) is None:
            return
        try:
            form = HotForm(view)
        except UserError as error:
            self.say(f"{error.what}: {error.found}", palette.DIM)
            return
        title = f"Set in {self.path.name}"
        self.app.push_screen(SettingScreen(title, form, lambda change: self._send("set", change)))

    def action_note(self) -> None:
        """Write a line at this step."""
        from tuiwb.tui.screens.write import Write

        if (view := self._live()) is not None:
            hint = "what you want to remember of this step"
            write = Write(f"Note at step {view.status.step}", hint, 500)
            self.app.push_screen(write, self._note)

    def _note(self, text: str | None) -> None:
        if text:
            self._send("note", {"text": text})

    def action_evaluate(self) -> None:
        if self._live() is not None:
            self._send("evaluate")

    def action_checkpoint(self) -> None:
        if self._live() is not None:
            self._send("checkpoint")

    def action_take_picture(self) -> None:
        if self._live() is not None:
            self._send("picture")

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
            + ("; no checkpoint before the finding is there to fork from" if branch else ""),
            seconds=12,
        )

    def action_stop(self) -> None:
        from tuiwb.tui.screens.ask import Ask

        if self.frame is not None and self.frame.view.status.state == QUEUED:
            ask = Ask(
                f"Take {self.path.name} out of the queue?",
                "It can be resumed here, or submitted again.",
                [("queue", "take it out"), ("", "let it wait")],
            )
            self.app.push_screen(ask, self._stop)
            return
        if (view := self._live()) is None:
            return
        ask = Ask(
            f"Stop {self.path.name}?",
            "It is asked: run.stop_requested is set, and the loop ends when it looks there. Under "
            "a trainer it ends after this step."
            if view.own
            else "It keeps what it has learnt in a checkpoint, and can be resumed.",
            [("step", "ask it to stop"), ("", "go on training")]
            if view.own
            else [
                ("step", "after this step"),
                ("epoch", "after this epoch"),
                ("now", "now: also in the middle of an evaluation"),
                ("kill", "kill it: for a step that hangs; no checkpoint is written"),
                ("", "go on training"),
            ],
        )
        self.app.push_screen(ask, self._stop)

    def _stop(self, answer: str | None) -> None:
        if answer == "kill":
            self._kill()
        elif answer == "queue":
            self._take_out()
        elif answer:
            self._send("stop", {} if answer == "step" else {"when": answer})

    @work(group="commands")
    async def _kill(self) -> None:
        from tuiwb.client.kill import kill

        try:
            pid = await asyncio.to_thread(kill, self.path)
        except UserError as error:
            self.say(error.what, palette.RED)
            return
        self.say(f"process {pid} is killed; what came since its newest checkpoint is to be redone")
        self.wake()

    @work(group="commands")
    async def _take_out(self) -> None:
        from tuiwb.client.submit import tell

        if self.frame is None:
            return
        try:
            await asyncio.to_thread(tell, self.frame.view, "stop", "bench")
        except UserError as error:
            self.workbench.complain(error)
            return
        self.say("it is out of the queue")
        self.wake()

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
        self, command: str, args: Mapping[str, Any] | None = None, by: str = "bench"
    ) -> None:
        """Ask, and say at once what becomes of it: the journal is where the answer stands."""
        from tuiwb.client.answers import in_words
        from tuiwb.client.commands import Asked

        if self.frame is not None and self.frame.view.status.ended_now:
            # while its window was open; nobody would hear of it before the run is resumed
            self.say(f"{command}: the run has ended meanwhile", palette.RED)
            return
        try:
            asked = await asyncio.to_thread(Asked, self.path, command, args, by)
        except UserError as error:
            self.say(error.what, palette.RED)
            return
        self.say(f"{command}: asked, waiting for the step to end", palette.AMBER, seconds=3600.0)
        over = False
        while (answer := await asyncio.to_thread(asked.answer)) is None:
            if over:
                self.say(f"{command}: the run ended without an answer", palette.RED)
                return
            # the journal is read once more after the end was seen: the answer may be there
            over = self.frame is not None and self.frame.view.status.ended_now
            await asyncio.sleep(_LOOK)
        found = [event for event in asked.told if event["kind"] == "study"]
        if command == "probe" and found and answer.get("accepted"):
            self.say(f"step {answer.get('step')}: {study_line(found[-1])}", seconds=30.0)
        elif answer.get("accepted"):
            self.say(in_words(answer))
        else:
            self.say(in_words(answer), palette.RED, seconds=12.0)
        self.wake()
        await asyncio.sleep(2 * _LOOK)  # a state that changes is told right after the answer
        self.wake()

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
