"""Where a running loop is asked for something: between two steps, paused or not.

What can be asked stands in `engine/commands/`, one file a command.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tuiwb.base.errors import UserError
from tuiwb.engine.interfaces import Command, Controls, Stopped
from tuiwb.spec.declarations import COMMANDS

if TYPE_CHECKING:
    from tuiwb.engine.loop import Loop

LOOK_EVERY = 0.05
"""Seconds between looks for commands while the loop is paused, and at what takes a while."""


class Desk:
    """Takes what is asked of ``loop`` between two steps, and holds it there while it is paused."""

    def __init__(self, loop: Loop, controls: Controls) -> None:
        self.loop = loop
        self.session = loop.session
        self.paused = False
        self.left = 0
        """Steps that may still be taken before it pauses again."""
        self._controls = controls
        self._said_training = False
        self._later: list[Command] = []
        """What was asked while something took long, to be obeyed after it."""
        self._under_way: list[tuple[Command, Callable[[], bool]]] = []
        self._look = 0.0
        self._ends, self._why = math.inf, ""

    def attend(self) -> None:
        """Obey what was asked; where the loop is paused, come back when it may take a step."""
        self.look()
        if self.held:
            self.hold()
            while self.held:
                time.sleep(LOOK_EVERY)
                self._take()
        self.go()

    def look(self) -> None:
        """Obey what was asked; end where the end was asked for this step."""
        self._take()
        if self.session.step >= self._ends:
            raise Stopped(self._why)

    @property
    def held(self) -> bool:
        """Whether no step may be taken now."""
        return self.paused and not self.left

    @property
    def busy(self) -> bool:
        """Whether something was asked that is not over, or not due yet."""
        return bool(self._later or self._under_way) or self._ends < math.inf

    def hold(self) -> None:
        """The loop stands still from here on."""
        self.loop.settle()
        if self._said_training:
            self.tell("paused")

    def go(self) -> None:
        """A step is taken."""
        if self.left:
            self.left -= 1

    def between(self) -> None:
        """Called within what takes long: only who wants to leave at once is heard there, a signal
        too. What it leaves stays owed."""
        taken = self._controls.take(self.session.step)
        now = [one for one in taken if one.command == "stop" and one.args.get("when") == "now"]
        self._later += [one for one in taken if one not in now]
        for command in now:
            obey(self, command)

    def await_(self, command: Command, done: Callable[[], bool]) -> None:
        """Training goes on and ``command`` is answered later: ``done`` is asked now and then, and
        says whether it has answered."""
        self._under_way.append((command, done))

    def end_at(self, step: int, why: str) -> None:
        """End once ``step`` updates are done."""
        self._ends, self._why = step, why

    def tell(self, state: str, **more: str) -> None:
        """A state for the journal: training or paused."""
        self._said_training = state == "training"
        self.report("state", state=state, **more)

    def report(self, kind: str, **fields: object) -> None:
        """An event of this step for the journal."""
        self.loop.sink.event(kind, self.session.step, **fields)

    def close(self) -> None:
        """The loop has ended: what is still under way is answered, one way or the other."""
        for command, done in self._under_way:
            if not done():
                command.refuse(self.session.step, "the run ended before it was done")
        for command in self._later:
            command.refuse(self.session.step, "the run ended before it")
        self._under_way, self._later = [], []

    def _take(self) -> None:
        taken = self._controls.take(self.session.step)
        if taken or self._later:
            self._later += taken
            while self._later:  # what is left when one of them ends the loop is refused
                obey(self, self._later.pop(0))
        if self._under_way and (now := time.monotonic()) >= self._look:
            self._look = now + LOOK_EVERY
            self._under_way = [one for one in self._under_way if not one[1]()]


def obey(desk: Desk, command: Command) -> None:
    """Do what ``command`` asks, or refuse it with the reason."""
    try:
        COMMANDS.load(command.command).obey(desk, command)
    except UserError as error:
        command.refuse(desk.session.step, in_a_line(error))


def in_a_line(error: UserError) -> str:
    """Why something was refused, in one line."""
    parts = [error.what, f"found {error.found}" if error.found else ""]
    parts += [f"did you mean {error.nearest}?" if error.nearest else "", error.next]
    return "; ".join(part for part in parts if part)
