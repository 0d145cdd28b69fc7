"""What people ask of a running worker: files in the inbox, and signals."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tuiwb.engine.interfaces import Command
from tuiwb.run import inbox
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.worker.leaving import Leaving
from tuiwb.worker.place import Place

LOOK_EVERY = 0.05
"""Seconds between looks into the inbox: far below what a person notices, and off the hot path."""


class Request:
    """One command; what becomes of it is acknowledged in the journal, and then it is ``done``."""

    def __init__(
        self,
        journal: Journal,
        command: str,
        args: Mapping[str, Any],
        by: str,
        id: str | None = None,
        done: Callable[[], None] = lambda: None,
        who: str = "",
        accepted: Callable[[Command, int], None] = lambda command, step: None,
    ) -> None:
        self._journal = journal
        self._accepted = accepted
        self._done = done
        self._id = id
        self.command = command
        self.args = args
        self.by = by
        self.who = who

    def accept(self, step: int, **told: Any) -> None:
        self._acknowledge(step, accepted=True, **told)
        self._accepted(self, step)

    def refuse(self, step: int, reason: str) -> None:
        self._acknowledge(step, accepted=False, reason=reason)

    def _acknowledge(self, step: int, **outcome: Any) -> None:
        self._journal.write(
            "command",
            step,
            id=self._id,
            command=self.command,
            args=dict(self.args),
            by=self.by,
            **({"who": self.who} if self.who else {}),
            **outcome,
        )
        self._done()


class Inbox:
    """The engine's `Controls` on a run directory's inbox and on signals to the process."""

    def __init__(
        self,
        paths: RunPaths,
        journal: Journal,
        leaving: Leaving | None = None,
        place: Place | None = None,
    ) -> None:
        self._paths = paths
        self._journal = journal
        self._leaving = leaving or Leaving()
        self._place = place
        self._next_look = 0.0
        self._handed: set[Path] = set()
        """Files of commands that are with the loop, not yet answered."""
        self.accepted: Callable[[Command, int], None] = lambda command, step: None
        """Told of every command that took effect."""

    def take(self, step: int) -> Sequence[Command]:
        if self._place is not None and self._place.lost is not None:
            raise self._place.lost
        if self._leaving.asked is not None and not self._leaving.answered:
            self._leaving.answered = True
            return [Request(self._journal, "stop", {"when": "now"}, str(self._leaving.asked))]
        now = time.monotonic()
        if now < self._next_look:
            return ()
        self._next_look = now + LOOK_EVERY
        waiting = inbox.take(self._paths, self._warn)
        handed, self._handed = self._handed, {asked.path for asked in waiting}
        return [
            self.request(
                asked.command, asked.args, asked.by, asked.id, partial(inbox.done, asked), asked.who
            )
            for asked in waiting
            if asked.path not in handed
        ]

    def request(
        self,
        command: str,
        args: Mapping[str, Any],
        by: str,
        id: str | None = None,
        done: Callable[[], None] = lambda: None,
        who: str = "",
    ) -> Command:
        """A command for the loop, acknowledged in this run's journal."""
        return Request(self._journal, command, args, by, id, done, who, self.accepted)

    def _warn(self, text: str) -> None:
        self._journal.write("warning", text=text)
