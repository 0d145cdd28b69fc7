"""Commands that are known beforehand: handed out when their step is reached, beside the inbox's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tuiwb.engine.interfaces import Command
from tuiwb.worker.controls import Inbox


class Scheduled:
    """The engine's `Controls` on an inbox and on commands with a step of their own.

    Each of ``commands`` is ``{"step": n, "command": name, "args": {...}, "by": who}`` and takes
    effect before step n + 1, as it did when a person asked. Those of a step go before what people
    ask at it. They are acknowledged in the journal like any other.
    """

    def __init__(self, inbox: Inbox, commands: Iterable[Mapping[str, Any]]) -> None:
        self._inbox = inbox
        self._waiting = sorted(commands, key=lambda known: int(known["step"]))[::-1]

    def take(self, step: int) -> Sequence[Command]:
        asked = self._inbox.take(step)
        if not self._waiting or self._waiting[-1]["step"] > step:
            return asked
        due: list[Command] = []
        while self._waiting and self._waiting[-1]["step"] <= step:
            known = self._waiting.pop()
            due.append(
                self._inbox.request(
                    known["command"], known.get("args") or {}, known.get("by") or "schedule"
                )
            )
        return [*due, *asked]
