"""Starting worker processes and noticing how they end."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tuiwb.base.errors import WorkerFailed
from tuiwb.base.home import environment as environment
from tuiwb.run import unspoken
from tuiwb.run.layout import RunPaths
from tuiwb.run.links import refuse_links

Command = Sequence[str]
"""The command line that the worker's own arguments are appended to."""

_children: list[subprocess.Popen[bytes]] = []


def worker_command() -> list[str]:
    """``python -m tuiwb.worker`` with this interpreter; -P so that a folder one happens to be in
    (a downloaded run's, say) cannot put its own modules before the installed ones."""
    return [sys.executable, "-P", "-m", "tuiwb.worker"]


def start_worker(
    path: Path, command: Command | None = None, others: Sequence[Path] = ()
) -> subprocess.Popen[bytes]:
    """Start a worker on a run directory, detached: its own session, no input, output to the run's
    log. Should it end without having said anything, the journal says so. With ``others``, it trains
    them all as a population."""
    paths = (path, *others)
    for one in paths:
        refuse_links(RunPaths(one))
    asked = ["--population", *map(str, paths)] if others else [str(path)]
    since = time.time()
    child = spawn([*(command or worker_command()), *asked], RunPaths(path).log)
    keep(child)
    threading.Thread(
        target=watch, args=(child, paths, since), name=f"watch {path.name}", daemon=True
    ).start()
    return child


def spawn(command: Command, log: Path) -> subprocess.Popen[bytes]:
    """Start a process of a session of its own, without input; what it says goes into ``log``."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    said = os.open(log, flags, 0o600)
    try:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env=environment(),
            start_new_session=True,
        )
    except OSError as error:
        raise WorkerFailed(
            f"cannot start the worker: {error.strerror}", where=str(error.filename or "")
        ) from None
    finally:
        os.close(said)


def watch(child: subprocess.Popen[bytes], paths: Sequence[Path], since: float) -> None:
    """Wait for a worker's end (which also reaps it); where it never spoke, speak for it."""
    status = child.wait()
    if child in _children:
        _children.remove(child)
    for path in paths:
        unspoken.speak_for(RunPaths(path), since, status)


def keep(child: subprocess.Popen[bytes]) -> None:
    """Remember a child that may outlive us, so that nothing complains when we end first."""
    _children.append(child)


@atexit.register
def _leave() -> None:
    for child in _children:
        if child.poll() is None:
            child.returncode = 0  # detached on purpose: not a process that we forgot
