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
    ask at it. They are acknowledged in the journal like any other; those that were obeyed before a
    resume, and are marked so by ``again``, with that word.
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
            request = self._inbox.request(
                known["command"],
                known.get("args") or {},
                known.get("by") or "schedule",
                known.get("id"),
                who=known.get("who") or "",
            )
            due.append(_Again(request) if known.get("again") else request)
        return [*due, *asked]


class _Again:
    """A command that the run has obeyed once."""

    def __init__(self, request: Command) -> None:
        self._request = request
        self.command, self.args = request.command, request.args
        self.by, self.who = request.by, request.who

    def accept(self, step: int, **told: Any) -> None:
        self._request.accept(step, again=True, **told)

    def refuse(self, step: int, reason: str) -> None:
        self._request.refuse(step, reason)
