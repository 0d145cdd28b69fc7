"""What a person may ask of a running loop. One function a command, found by its name."""

from __future__ import annotations

import time
from collections.abc import Callable

from tuiwb.base.errors import UserError, nearest
from tuiwb.engine.build import Session
from tuiwb.engine.interfaces import Command, Controls, Sink, Stopped
from tuiwb.engine.studies import study_now
from tuiwb.spec.hot import hot_keys, with_settings
from tuiwb.spec.sections import Spec

LOOK_EVERY = 0.05
"""Seconds between looks for commands while the loop is paused."""
MOST = 10**9
"""Steps that one ``step`` can ask for."""


class Desk:
    """Takes what is asked between two steps, and holds the loop there while it is paused.

    ``settle`` is called before the loop is held or changed, so that every figure of the steps done
    is out. ``retune`` goes on with another spec.
    """

    def __init__(
        self,
        session: Session,
        sink: Sink,
        controls: Controls,
        settle: Callable[[], None] = lambda: None,
        retune: Callable[[Spec], None] = lambda spec: None,
    ) -> None:
        self.session = session
        self.paused = False
        self.left = 0
        """Steps that may still be taken before it pauses again."""
        self._said_training = False
        self._sink = sink
        self._controls = controls
        self.settle = settle
        self.retune = retune

    def attend(self) -> None:
        """Obey what was asked; where the loop is paused, come back when it may take a step."""
        self._take()
        if self.paused and not self.left:
            self.settle()
            if self._said_training:
                self.tell("paused")
            while self.paused and not self.left:
                time.sleep(LOOK_EVERY)
                self._take()
        if self.left:
            self.left -= 1

    def tell(self, state: str, **more: str) -> None:
        """A state for the journal: training or paused."""
        self._said_training = state == "training"
        self._sink.event("state", self.session.step, state=state, **more)

    def report(self, kind: str, **fields: object) -> None:
        """An event of this step for the journal."""
        self._sink.event(kind, self.session.step, **fields)

    def _take(self) -> None:
        for command in self._controls.take(self.session.step):
            obey(self, command)


def stop(desk: Desk, command: Command) -> None:
    """Leave the loop at this step boundary, with a checkpoint."""
    command.accept(desk.session.step)
    raise Stopped(f"{command.by} asked it to stop")


def pause(desk: Desk, command: Command) -> None:
    """Hold the loop at this step boundary; commands are still obeyed at once."""
    if desk.paused and not desk.left:
        command.refuse(desk.session.step, "it is paused already")
        return
    command.accept(desk.session.step)
    desk.paused, desk.left = True, 0
    desk.tell("paused")


def resume(desk: Desk, command: Command) -> None:
    """Go on after a pause."""
    if not desk.paused:
        command.refuse(desk.session.step, "it is not paused")
        return
    command.accept(desk.session.step)
    desk.paused, desk.left = False, 0
    desk.tell("training")


def step(desk: Desk, command: Command) -> None:
    """Take ``steps`` steps (1 unless said) and be paused again; one step is too short to be told as
    training."""
    steps = command.args.get("steps", 1)
    if not desk.paused:
        command.refuse(desk.session.step, "it is not paused; pause it first")
    elif isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MOST:
        command.refuse(desk.session.step, f"steps must be a whole number from 1 to {MOST}")
    else:
        command.accept(desk.session.step)
        desk.left = steps
        if steps > 1:
            desk.tell("training", doing=f"{steps} steps, then it pauses")


def set_knobs(desk: Desk, command: Command) -> None:
    """Change hot knobs (``args``: key -> value) from the coming step on: all of them or none."""
    session = desk.session
    try:
        if not command.args:
            raise UserError("nothing to set", allowed=", ".join(hot_keys(session.spec)))
        spec = with_settings(session.spec, command.args)
        desk.settle()
        desk.retune(spec)
    except UserError as error:
        command.refuse(session.step, _in_a_line(error))
    else:
        command.accept(session.step)


def probe(desk: Desk, command: Command) -> None:
    """Take the study ``study`` now, paused or not; its figures are an event, and no bit changes."""
    session, name = desk.session, str(command.args.get("study", ""))
    desk.settle()
    try:
        figures = study_now(session, name)
    except UserError as error:
        command.refuse(session.step, _in_a_line(error))
    except (RuntimeError, MemoryError) as error:
        # a layer without a second derivative, a device without room for a copy: training goes on
        command.refuse(session.step, f"{name} is not possible here: {str(error).splitlines()[0]}")
    else:
        desk.report("study", name=name, figures=figures)
        command.accept(session.step)


def _in_a_line(error: UserError) -> str:
    """Why something was refused, in one line."""
    parts = [error.what, f"found {error.found}" if error.found else ""]
    parts += [f"did you mean {error.nearest}?" if error.nearest else "", error.next]
    return "; ".join(part for part in parts if part)


COMMANDS: dict[str, Callable[[Desk, Command], None]] = {
    "stop": stop,
    "pause": pause,
    "resume": resume,
    "step": step,
    "set": set_knobs,
    "probe": probe,
}


def obey(desk: Desk, command: Command) -> None:
    """Do what ``command`` asks, or refuse it with the reason."""
    function = COMMANDS.get(command.command)
    if function is None:
        known = ", ".join(COMMANDS)
        near = nearest(command.command, COMMANDS)
        hint = f"; did you mean {near}?" if near else ""
        reason = f"unknown command {command.command!r} (known: {known}){hint}"
        command.refuse(desk.session.step, reason)
    else:
        function(desk, command)
