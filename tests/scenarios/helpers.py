"""Waiting for things that other processes do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tuiwb.run.create import create
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import holder
from tuiwb.run.reader import RunReader
from tuiwb.run.view import RunView
from tuiwb.spec import resolve

LONG = ("train.steps=1000000", "train.eval_every=0")
GIVE_UP = 60.0
"""Seconds after which something that should happen is said not to; nothing is timed by it."""


def until(what: str, happened: Callable[[], bool], patience: float = GIVE_UP) -> None:
    """Wait for ``happened``; fail with ``what`` where it never does."""
    give_up = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < give_up, f"it never happened: {what}"
        time.sleep(patience / 3000)


def new_run(runs: Path, preset: str = "mlp-digits", *overrides: str) -> RunPaths:
    """A run directory that nobody trains yet."""
    return RunPaths(create(runs, resolve(preset, overrides)))


def view(paths: RunPaths) -> RunView:
    """The run as a reader that opens it now sees it."""
    with RunReader(paths.root) as reader:
        return reader.poll(None)


def steps(paths: RunPaths) -> int:
    return view(paths).table("steps").rows


@contextmanager
def worker(paths: RunPaths, *, limit_kib: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A worker on ``paths``, killed at the end if it still lives."""
    command = [sys.executable, "-m", "tuiwb.worker", str(paths.root)]
    if limit_kib is not None:
        # no file may grow beyond this: what a full disk looks like to the worker
        command = ["bash", "-c", f'ulimit -f {limit_kib}; exec "$0" "$@"', *command]
    with paths.log.open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def end_worker_of(paths: RunPaths) -> None:
    """Kill whoever trains a run."""
    held = holder(paths.lock)
    if held is not None and held.alive:
        os.kill(held.pid, signal.SIGKILL)


def whole_rows(paths: RunPaths) -> np.ndarray:
    """The step numbers on the disk, read with numpy alone."""
    (segment,) = sorted(paths.tables.glob("steps.*.npy"))
    return np.load(segment, mmap_mode="r")["step"]  # type: ignore[no-any-return]
