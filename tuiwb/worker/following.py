"""Ranks 1 and up of a run: they make every step with rank 0, and say and keep nothing."""

from __future__ import annotations

import contextlib
import math
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tuiwb.base.clock import STEADY
from tuiwb.engine.build import build
from tuiwb.engine.checkpoint import load
from tuiwb.engine.interfaces import Command
from tuiwb.engine.loop import train
from tuiwb.engine.shared import Many
from tuiwb.run import schema
from tuiwb.run.layout import RunPaths
from tuiwb.run.meta import read_meta
from tuiwb.run.table import TableWriter
from tuiwb.spec import from_toml
from tuiwb.worker.heartbeat import EVERY, Meter


def follow(paths: RunPaths, ranks: Many) -> None:
    """Train along with rank 0, from where it begins to where it ends."""
    toml, step, kept = ranks.agreed(("", 0, False))
    spec = from_toml(toml, str(paths.spec)).spec
    folder = read_meta(paths)[0].get("folder")
    with contextlib.suppress(OSError):  # rank 0 tells of one that is not there
        os.chdir(folder if isinstance(folder, str) and folder else ".")
    if spec.data.downloads:
        ranks.agreed(True)  # rank 0 has fetched it
    state = load(paths.checkpoint(step)) if kept else None
    session = build(spec, ranks)
    beat = Beat(paths, ranks.rank, lambda: session.step)
    beat.start()
    nowhere: Any = Nowhere()
    try:
        train(session, nowhere, Nobody(), nowhere, state)
    finally:
        beat.stop()


class Nobody:
    """Controls that hear nothing: rank 0 does."""

    def take(self, step: int) -> Sequence[Command]:
        return ()


class Nowhere:
    """A sink and a place for checkpoints that keep nothing. To whoever asks for a checkpoint it is
    there already: whether it is, rank 0 tells."""

    space, wanted = 0, False

    def __init__(self) -> None:
        self.newest: int | None = None

    def save(self, step: int, *given: object, **named: object) -> bool:
        self.newest = step
        return True

    def on_disk(self, step: int) -> int:
        return 0

    def takes(self, step: int, *, pinned: bool = False) -> bool:
        return True

    def busy(self) -> bool:
        return False

    def finished(self) -> Sequence[Any]:
        return ()

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *given, **named: None


class Beat(threading.Thread):
    """A row a second on the state of this rank's process and machine, in a file of its own."""

    def __init__(self, paths: RunPaths, rank: int, step: Callable[[], int]) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._folder = paths.ranks
        self._name = f"{schema.SYSTEM}-{rank}"
        self._step = step
        self._meter = Meter()
        self._over = threading.Event()

    def run(self) -> None:
        row, table = np.zeros(1, schema.dtype_system()), None
        self._meter.measure()
        while not self._over.wait(EVERY):
            figures = {"time": STEADY.now(), "step": self._step(), **self._meter.measure()}
            for name in row.dtype.names or ():
                row[name] = figures.get(name, math.nan)
            with contextlib.suppress(OSError):  # rank 0 tells of a disk that is full
                if table is None:
                    self._folder.mkdir(mode=0o700, exist_ok=True)
                    table = TableWriter(self._folder, self._name, row.dtype)
                table.append(row)
        if table is not None:
            table.close()

    def stop(self) -> None:
        """Write no more and wait for the thread."""
        self._over.set()
        self.join()
