"""What people ask of a run that several processes train: rank 0 hears it, all of them obey before
the same step.

Ranks look at one another only where there is something to hear, which rank 0 says along with the
figures of every step, and where they look twice at the same step: there, nothing else tells them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from tuiwb.engine.interfaces import Command, Controls, Stopped

T = TypeVar("T")


class Agreeing(Protocol):
    """The ranks, as far as hearing goes."""

    leads: bool

    def agreed(self, value: T) -> T: ...


class Heard:
    """The engine's `Controls` on all ranks."""

    def __init__(self, ranks: Agreeing, controls: Controls) -> None:
        self.called = True
        """Whether rank 0 has something for all."""
        self.end: Stopped | None = None
        self._ranks = ranks
        self._controls = controls
        self._waiting: list[Command] = []
        self._step = -1

    def peek(self, step: int) -> bool:
        """Whether rank 0 has something to tell, now that ``step`` updates are done."""
        if self._ranks.leads:
            self._waiting += self._controls.take(step)
        return self._ranks.leads and bool(self._waiting or self.end)

    def take(self, step: int) -> Sequence[Command]:
        again, self._step = step == self._step, step
        if not (again or self.called):
            return ()
        self.called = False
        self.peek(step)
        mine, self._waiting = self._waiting, []
        end = None if self.end is None else (self.end.reason, self.end.state)
        plain = [(one.command, dict(one.args), one.by, one.who) for one in mine]
        told, end = self._ranks.agreed((plain, end))
        if end is not None:
            raise Stopped(*end)
        return mine if self._ranks.leads else [Told(*one) for one in told]


class Told:
    """A command that another rank was asked, and answers."""

    def __init__(self, command: str, args: Mapping[str, Any], by: str, who: str) -> None:
        self.command, self.args, self.by, self.who = command, args, by, who

    def accept(self, step: int, **told: Any) -> None: ...

    def refuse(self, step: int, reason: str) -> None: ...
