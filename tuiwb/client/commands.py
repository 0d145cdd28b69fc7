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
from tuiwb.run.reader import RunReader

_LOOK = 0.02  # seconds between looks into the journal
_ALIVE = 0.5  # seconds between checks that the worker lives


def send(path: Path, command: str, args: Mapping[str, Any] | None = None, by: str = "cli") -> str:
    """Leave a command for a run's worker; returns its id for `wait`.

    Raises `UserError`: not a run, one that has ended, or an inbox that cannot be written.
    """
    with RunReader(path) as reader:
        status = reader.poll().status
    if status.ended_now:
        raise UserError(
            f"{path.name} takes no commands: its worker has ended",
            where=str(path),
            found=status.words,
            allowed="a run that is starting, training or paused",
            next="list the runs with: tuiwb ls",
        )
    return post(RunPaths(path), command, args, by)


def wait(
    path: Path,
    id: str,
    timeout: float = 30.0,
    clock: Clock | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """The journal's answer to a command: ``{step, command, accepted, reason?, ...}``.

    Raises `WorkerFailed` where none comes within ``timeout`` seconds, or the worker ends without.
    """
    clock = clock or SystemClock()
    tail = JournalTail(RunPaths(path).journal)
    begin = checked = clock.monotonic()
    ended = False
    with RunReader(path, clock) as reader:
        while True:
            while True:
                for event in tail.read():
                    if event["kind"] == "command" and event.get("id") == id:
                        return event
                if not tail.behind:
                    break
            now = clock.monotonic()
            if ended or now - begin >= timeout:
                break
            if now - checked >= _ALIVE:
                checked = now
                # the journal is read once more after the end was seen: the answer may be there
                ended = reader.poll().status.ended_now
            sleep(_LOOK)
        found = reader.poll(None).status.words
    raise WorkerFailed(
        f"{path.name} ended without an answer"
        if ended
        else f"{path.name} gave no answer in {number(timeout)} s",
        where=str(path),
        found=found,
        next="" if ended else "the command still waits in its inbox, and is applied when it can be",
    )
