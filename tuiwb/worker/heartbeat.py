"""One row a second on the machine's state: the sign that the worker lives."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Mapping, Sequence

import numpy as np
import psutil
import torch

from tuiwb.base.clock import STEADY
from tuiwb.doctor.window import SYSTEM
from tuiwb.run import schema
from tuiwb.run.layout import RunPaths
from tuiwb.run.table import TableWriter
from tuiwb.worker.place import Place
from tuiwb.worker.recent import Recent
from tuiwb.worker.sink import RunSink
from tuiwb.worker.stalled import StallWatch

EVERY = 1.0
"""Seconds between rows."""


class Meter:
    """The state of this process and of its machine."""

    def __init__(self) -> None:
        self._process = psutil.Process()

    def measure(self) -> dict[str, float]:
        """What has been taken since the last call, and what is taken now."""
        return {
            "cpu": self._process.cpu_percent(),
            "rss": self._process.memory_info().rss,
            "host_cpu": psutil.cpu_percent(),
            "host_memory": psutil.virtual_memory().percent,
            **gpu_figures(),
        }


class Heartbeat(threading.Thread):
    """Writes the ``system`` table from a thread of its own, so that a hung step still shows.

    It is made in the thread that trains, which it watches; rows also go to the doctor's rounds.
    """

    def __init__(self, paths: RunPaths, sink: RunSink, place: Place | None = None) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._folder = paths.tables
        self._sink = sink
        self._place = place
        self._over = threading.Event()
        self._table: TableWriter | None = None
        self._meter = Meter()
        self._row = np.zeros(1, schema.dtype_system())
        self._recent = sink.rounds.system = Recent(SYSTEM, self._row.dtype)
        self.stalled = StallWatch(sink.rounds, sink.event, threading.get_ident())

    def run(self) -> None:
        self.measure()
        try:
            while not self._over.wait(EVERY):
                self.once(self.measure())
        finally:
            self.close()

    def once(self, measured: Mapping[str, float]) -> None:
        """One row, and a look at the run's folder."""
        # a full disk is the loop's to report; it may have room again a second later
        with contextlib.suppress(OSError):
            if self._table is None:
                self._table = TableWriter(self._folder, schema.SYSTEM, self._row.dtype)
            self.beat(self._table, measured)
        if self._place is not None:
            self._place.look()

    def close(self) -> None:
        """No row comes after the last."""
        if self._table is not None:
            self._table.close()
            self._table = None

    def beat(self, table: TableWriter, measured: Mapping[str, float] | None = None) -> None:
        """Append one row; of what is ``measured`` already where another run shares this process."""
        figures = {
            "time": STEADY.now(),
            "step": self._sink.last_step,
            "watch": self._sink.watch,
            **(self.measure() if measured is None else measured),
        }
        for name in self._row.dtype.names or ():
            self._row[name] = figures.get(name, math.nan)
        table.append(self._row)
        self._recent.add(self._row)
        self.stalled.look(self._sink.last_step)

    def measure(self) -> dict[str, float]:
        """The state of the process and of its machine, since the last call."""
        return self._meter.measure()

    def stop(self) -> None:
        """Write no more and wait for the thread."""
        self._over.set()
        if self.is_alive():
            self.join()


class Heartbeats(threading.Thread):
    """The heartbeats of runs that share this process, from one thread: measured once for all."""

    def __init__(self, beats: Sequence[Heartbeat]) -> None:
        super().__init__(name="heartbeats", daemon=True)
        self._beats = list(beats)
        self._lock = threading.Lock()
        self._over = threading.Event()

    def run(self) -> None:
        self._beats[0].measure()
        while not self._over.wait(EVERY):
            with self._lock:
                if not self._beats:
                    return
                measured = self._beats[0].measure()
                for beat in self._beats:
                    beat.once(measured)

    def leave(self, beat: Heartbeat) -> None:
        """One run has ended."""
        with self._lock:
            if beat in self._beats:
                self._beats.remove(beat)
            beat.close()

    def stop(self) -> None:
        """Write no more and wait for the thread."""
        self._over.set()
        if self.is_alive():
            self.join()


def gpu_figures() -> dict[str, float]:
    """Utilisation (%), memory (bytes), power (W), temperature (C); empty without a GPU.

    The driver's library is asked through `torch.cuda`, which needs nvidia-ml-py for all but memory.
    """
    if not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return {}
    figures: dict[str, float] = {}
    try:
        free, total = torch.cuda.mem_get_info()  # fails too once a kernel has
        figures["gpu_memory"] = float(total - free)
        figures["gpu_util"] = float(torch.cuda.utilization())
        figures["gpu_power"] = torch.cuda.power_draw() / 1000
        figures["gpu_temp"] = float(torch.cuda.temperature())
    except (ModuleNotFoundError, RuntimeError):
        pass
    return figures
