"""One row a second on the machine's state: the sign that the worker lives."""

from __future__ import annotations

import contextlib
import math
import threading

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
        self._process = psutil.Process()
        self._row = np.zeros(1, schema.dtype_system())
        self._recent = sink.rounds.system = Recent(SYSTEM, self._row.dtype)
        self.stalled = StallWatch(sink.rounds, sink.event, threading.get_ident())

    def run(self) -> None:
        self._process.cpu_percent()
        psutil.cpu_percent()
        table: TableWriter | None = None
        try:
            while not self._over.wait(EVERY):
                # a full disk is the loop's to report; it may have room again a second later
                with contextlib.suppress(OSError):
                    table = table or TableWriter(self._folder, schema.SYSTEM, self._row.dtype)
                    self.beat(table)
                if self._place is not None:
                    self._place.look()
        finally:
            if table is not None:
                table.close()

    def beat(self, table: TableWriter) -> None:
        """Append one row."""
        figures = {
            "time": STEADY.now(),
            "step": self._sink.last_step,
            "cpu": self._process.cpu_percent(),
            "rss": self._process.memory_info().rss,
            "host_cpu": psutil.cpu_percent(),
            "host_memory": psutil.virtual_memory().percent,
            "watch": self._sink.watch,
            **gpu_figures(),
        }
        for name in self._row.dtype.names or ():
            self._row[name] = figures.get(name, math.nan)
        table.append(self._row)
        self._recent.add(self._row)
        self.stalled.look(self._sink.last_step)

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
