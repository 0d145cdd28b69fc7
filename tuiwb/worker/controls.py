"""What people ask of a running worker: files in the inbox, and signals."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from tuiwb.engine.interfaces import Command
from tuiwb.run import inbox
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths

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
        self._who = who
        self.command = command
        self.args = args
        self.by = by

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
            **({"who": self._who} if self._who else {}),
            **outcome,
        )
        self._done()


class Inbox:
    """The engine's `Controls` on a run directory's inbox and the process's signals.

    SIGTERM, SIGUSR1 (Slurm's notice before preemption) and SIGINT ask for a checkpoint and a clean
    leave; SIGHUP is ignored: the terminal may go.
    """

    def __init__(self, paths: RunPaths, journal: Journal) -> None:
        self._paths = paths
        self._journal = journal
        self._next_look = 0.0
        self._signalled: str | None = None
        self.accepted: Callable[[Command, int], None] = lambda command, step: None
        """Told of every command that took effect."""

    def listen(self) -> None:
        """Install the signal handlers of this process."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        self._signalled = signal.Signals(number).name

    def take(self, step: int) -> Sequence[Command]:
        if self._signalled is not None:
            name, self._signalled = self._signalled, None
            return [Request(self._journal, "stop", {}, name)]
        now = time.monotonic()
        if now < self._next_look:
            return ()
        self._next_look = now + LOOK_EVERY
        return [
            self.request(
                asked.command, asked.args, asked.by, asked.id, partial(inbox.done, asked), asked.who
            )
            for asked in inbox.take(self._paths, self._warn)
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
