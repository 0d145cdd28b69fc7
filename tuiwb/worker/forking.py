"""A warm process that forks a worker for each run, so that torch is imported once for all of them.

A fork copies one thread of its parent and every lock as it stands. So it is sound only while this
process has one thread, which torch keeps to until the first operation that it splits, and where no
accelerator's driver could have been loaded: its state does not survive a fork. `obstacle` looks.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import torch

from tuiwb.run import unspoken
from tuiwb.run.layout import RunPaths
from tuiwb.worker import memory

DRIVERS = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd", "/dev/dri/renderD128", "/dev/accel/accel0")
"""What stands there where an accelerator's driver is loaded."""

_children: dict[int, tuple[tuple[Path, ...], float]] = {}


def obstacle() -> str:
    """Why this process must not fork a worker; empty where it may."""
    if not sys.platform.startswith("linux"):
        return f"a process with torch in it does not survive a fork on {sys.platform}"
    threads = len(os.listdir("/proc/self/task"))
    if threads > 1:
        return f"{threads} threads run here"
    if torch.cuda.is_initialized() or any(os.path.exists(driver) for driver in DRIVERS):
        return "an accelerator's driver is there"
    return ""


def fork(runs: Sequence[str]) -> int:
    """A child in a session of its own for ``runs``: its process in the parent, 0 in the child."""
    if not _children:
        gc.collect()
        gc.freeze()  # what is there by now is never collected, so its pages stay shared
    signal.signal(signal.SIGCHLD, _reap)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # until it is known whose end it is
    since, resident = time.time(), memory.now()
    child = os.fork()
    if child == 0:
        memory.forked(resident)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _children.clear()
        os.setsid()
    else:
        _children[child] = tuple(map(Path, runs)), since
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    return child


def _reap(number: int, frame: FrameType | None) -> None:
    """Take note of every child that has ended, and speak for one that never did."""
    while _children:
        child, status = os.waitpid(-1, os.WNOHANG)
        if not child:
            return
        paths, since = _children.pop(child)
        for path in paths:
            unspoken.speak_for(RunPaths(path), since, os.waitstatus_to_exitcode(status))
