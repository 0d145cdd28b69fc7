"""Runs that wait for a process of their own: what a population falls back to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tuiwb.run import unspoken
from tuiwb.run.layout import RunPaths

LOOK_EVERY = 0.1
"""Seconds between looks at who has ended."""


@dataclass(frozen=True)
class Waiting:
    """A run that is held until its turn."""

    paths: RunPaths
    hand_over: Callable[[], None]
    """Lets go of it: a process of its own is about to begin."""
    leave: Callable[[str], None]
    """Ends it unbegun, by a signal of this name."""


def separately(waiting: Sequence[Waiting], asked: Callable[[], str | None]) -> int:
    """Start a worker for each, as many at a time as there are cores; the largest exit status.

    A signal (``asked`` names it) is handed on, and those that still wait end unbegun: they can be
    resumed.
    """
    from tuiwb.engine.device import usable_cores

    left = list(waiting)
    training: list[tuple[Waiting, float, subprocess.Popen[bytes]]] = []
    status, told = 0, False
    while left or training:
        if (name := asked()) and not told:
            told = True
            for run in left:
                run.leave(name)
            left.clear()
            for _, _, child in training:
                child.send_signal(signal.SIGTERM)
        while left and len(training) < usable_cores():
            run = left.pop(0)
            run.hand_over()
            training.append((run, time.time(), _start(run.paths)))
        time.sleep(LOOK_EVERY)
        for one in tuple(training):
            run, since, child = one
            if (code := child.poll()) is not None:
                training.remove(one)
                unspoken.speak_for(run.paths, since, code)
                status = max(status, code)
    return status


def _start(paths: RunPaths) -> subprocess.Popen[bytes]:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    log = os.open(paths.log, flags, 0o600)
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "tuiwb.worker", str(paths.root)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    finally:
        os.close(log)
