"""Steering a run: a command into its inbox, the answer out of its journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tuiwb.base.clock import Clock, SystemClock
from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.base.format import number
from tuiwb.run.inbox import post
from tuiwb.run.journal import JournalTail
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import holder
from tuiwb.run.reader import RunReader
from tuiwb.run.view import RunView

_LOOK = 0.02  # seconds between looks into the journal
_ALIVE = 0.5  # seconds between checks that the worker lives


def send(path: Path, command: str, args: Mapping[str, Any] | None = None, by: str = "cli") -> str:
    """Leave a command for a run's worker; returns its id for `wait`.

    Raises `UserError`: not a run, one that has ended, or an inbox that cannot be written.
    """
    with RunReader(path) as reader:
        view = reader.poll()
    if view.status.ended_now:
        raise ended(view)
    return post(RunPaths(path), command, args, by)


def ended(view: RunView) -> UserError:
    """Why a run takes no commands any more, and what it takes instead."""
    resumable = view.status.state in ("stopped", "crashed", "failed")
    return UserError(
        f"{view.id} is over and takes no commands: its worker has ended",
        where=str(view.path),
        found=view.status.words,
        allowed="a run that is starting, training or paused",
        next=f"go on with it: tuiwb resume {view.id}"
        if resumable and not view.meta.get("watched")
        else "tuiwb ls lists the runs and their states",
    )


class Asked:
    """A command that was left just now; its answer is looked for in what the journal says since.

    Nothing is asked of the run's state: who asks knows that it lives.
    """

    def __init__(
        self, path: Path, command: str, args: Mapping[str, Any] | None = None, by: str = "cli"
    ) -> None:
        self.command = command
        self.told: list[dict[str, Any]] = []
        """All events since it was left."""
        self._tail = JournalTail(RunPaths(path).journal)
        self._tail.skip()
        self.id = post(RunPaths(path), command, args, by)

    def answer(self) -> dict[str, Any] | None:
        """The journal's answer, once it is there: ``{step, command, accepted, reason?, ...}``."""
        while True:
            news = self._tail.read()
            self.told += news
            for event in news:
                if event["kind"] == "command" and event.get("id") == self.id:
                    return event
            if not self._tail.behind:
                return None


def wait(
    path: Path,
    id: str,
    timeout: float = 30.0,
    clock: Clock | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """The journal's answer to a command that was sent: ``{step, command, accepted, reason?, ...}``.

    Raises `WorkerFailed` where none comes within ``timeout`` seconds, or the worker ends without.
    """
    tail = JournalTail(RunPaths(path).journal)

    def look() -> dict[str, Any] | None:
        while True:
            for event in tail.read():
                if event["kind"] == "command" and event.get("id") == id:
                    return event
            if not tail.behind:
                return None

    return await_answer(path, look, timeout, clock, sleep)


def await_answer(
    path: Path,
    look: Callable[[], dict[str, Any] | None],
    timeout: float = 30.0,
    clock: Clock | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """What ``look`` finds, within ``timeout`` seconds and the worker's life; see `wait`."""
    clock = clock or SystemClock()
    begin = checked = clock.monotonic()
    over = False
    with RunReader(path, clock) as reader:
        while True:
            if (answer := look()) is not None:
                return answer
            now = clock.monotonic()
            if over or now - begin >= timeout:
                break
            if now - checked >= _ALIVE:
                checked = now
                # the journal is read once more after the end was seen: the answer may be there
                over = reader.poll().status.ended_now
            sleep(_LOOK)
        found = reader.poll(None).status.words
    raise WorkerFailed(
        f"{path.name} ended without an answer"
        if over
        else f"{path.name} gave no answer in {number(timeout)} s",
        where=str(path),
        found=found,
        next="" if over else _still_waits(path),
    )


def _still_waits(path: Path) -> str:
    """What becomes of a command that has no answer yet, and the last resort."""
    words = "the command still waits in its inbox, and is applied when it can be"
    held = holder(RunPaths(path).lock)
    if held is None or not held.alive:
        return words
    return f"{words}; where a step hangs, kill -9 {held.pid} ends the worker"
