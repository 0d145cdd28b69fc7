"""Going on with a run that ended before it was done: its worker is started anew."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from tuiwb.base import consent
from tuiwb.base.clock import Clock, SystemClock
from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.client.process import Command, start_worker
from tuiwb.client.standby import Standby
from tuiwb.run.facts import QUEUED
from tuiwb.run.journal import JournalTail, last_events
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import Holder, holder
from tuiwb.run.meta import read_meta
from tuiwb.run.reader import RunReader
from tuiwb.run.resuming import refuse_finished, refuse_watched
from tuiwb.run.status import last_words
from tuiwb.run.view import RunView
from tuiwb.run.world import keep_processes

_LOOK = 0.02  # seconds between looks
PATIENCE = 60.0
"""Seconds in which a worker must have come to the run; it has not loaded torch by then."""


def resume(
    path: Path,
    *,
    processes: int | None = None,
    standby: Standby | None = None,
    command: Command | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> float:
    """Start a worker on a run that was trained before; returns when it has the run, with the time
    (Unix seconds) before which nothing in the journal is of it.

    It goes on from the newest whole checkpoint; from which, its event ``resumed`` says. As many
    ``processes`` train it as did before, unless another number is given. Raises `UserError`: no
    run, one that is finished or being trained, a loop of the user's own, a spec that cannot be read
    or names code that is not allowed, another resume that was faster, a number of processes where
    several machines train it.
    """
    looked = time.time()
    with RunReader(path) as reader:
        refuse(reader.poll(None))
    if processes is not None:
        keep_processes(RunPaths(path), processes)
    began = time.time()
    ended: Callable[[], bool]
    if standby is not None and standby.hand_over(path):
        pid, ended = standby.worker, partial(_gone, standby.worker)
    else:
        child = start_worker(path, command)
        pid, ended = child.pid, lambda: child.poll() is not None
    _until_it_has_the_run(RunPaths(path), looked, began, pid, ended, sleep)
    return began


def refuse(view: RunView) -> None:
    """`UserError` where a run cannot be resumed as it is now."""
    refuse_watched(view)
    if not view.status.ended_now:
        raise _alive(view)
    refuse_finished(view)
    if view.spec is None:
        raise UserError(
            f"{view.id} cannot be resumed: its spec cannot be read",
            where=str(view.path / "spec.toml"),
            found="; ".join(view.problems),
            next="put the file back, from a copy of the run",
        )
    home = read_meta(RunPaths(view.path))[0].get("folder")
    folder = Path(home) if isinstance(home, str) and home else None
    consent.check(view.spec.spec.model.name, folder)


def told(
    path: Path, began: float, sleep: Callable[[float], None] = time.sleep
) -> Iterator[dict[str, Any]]:
    """What a resumed worker says (``resumed``, ``warning``) until it trains, or has ended."""
    tail, clock = JournalTail(RunPaths(path).journal), SystemClock()
    give_up = clock.monotonic() + PATIENCE
    while clock.monotonic() < give_up:
        for event in tail.read():
            if event["time"] < began:
                continue
            if event["kind"] in ("resumed", "warning"):
                yield event
            if event["kind"] == "state" and event.get("state") != "starting":
                return
        if not tail.behind:
            sleep(_LOOK)


def _until_it_has_the_run(
    paths: RunPaths,
    looked: float,
    began: float,
    pid: int | None,
    ended: Callable[[], bool],
    sleep: Callable[[float], None],
    clock: Clock | None = None,
) -> None:
    clock = clock or SystemClock()
    give_up = clock.monotonic() + PATIENCE
    while clock.monotonic() < give_up:
        over = ended()
        held = holder(paths.lock)
        if held is not None and held.alive and held.pid:
            if pid in (None, held.pid):
                return
            # one that holds it since before is about to leave; this process speaks for the dead
            if held.started >= looked and held.pid != os.getpid():
                raise _faster(paths, held)
        if any(event["time"] >= began for event in last_events(paths.journal)):
            return  # it has come and gone, or this file system has no locks
        if over:
            give_up = min(give_up, clock.monotonic() + 2.0)  # whoever saw it end may speak for it
        sleep(_LOOK)
    lines = last_words(paths.log)
    raise WorkerFailed(
        f"no worker came to {paths.id}",
        where=str(paths.log),
        found=lines[-1] if lines else "an empty log",
        next="tuiwb info shows whether torch and the device are in order",
    )


def _gone(pid: int | None) -> bool:
    """Whether a process that is nobody's child here has ended."""
    try:
        os.kill(pid or os.getpid(), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _alive(view: RunView) -> UserError:
    held = holder(RunPaths(view.path).lock)
    next = f"watch it with: tuiwb attach {view.id}; end it with: tuiwb ctl {view.id} stop"
    if view.status.state == "paused":
        next = f"go on with: tuiwb ctl {view.id} resume"
    what = "is being trained"
    if view.status.state == QUEUED:
        held, what = None, "is queued"
        next = f"take it out of the queue first: tuiwb ctl {view.id} stop"
    return UserError(
        f"{view.id} {what}: there is nothing to resume",
        where=str(view.path),
        found=_who(held) if held is not None else view.status.words,
        allowed="a run that was stopped, crashed, failed or diverged",
        next=next,
    )


def _faster(paths: RunPaths, held: Holder) -> UserError:
    return UserError(
        f"{paths.id} is being resumed by somebody else",
        where=str(paths.lock),
        found=_who(held),
        allowed="one worker per run",
        next=f"watch it with: tuiwb attach {paths.id}",
    )


def _who(held: Holder) -> str:
    since = datetime.fromtimestamp(held.started).strftime("%Y-%m-%d %H:%M:%S")
    return f"process {held.pid} on {held.host}, since {since}"
