"""What a run costs the machine: processor, memory, each GPU, the price of watching, the log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tuiwb.plots.canvas import Canvas
from tuiwb.plots.domain import fit
from tuiwb.plots.figure import Figure, Range
from tuiwb.plots.paint import paint
from tuiwb.run.layout import RunPaths
from tuiwb.run.schema import SYSTEM
from tuiwb.run.view import RunView
from tuiwb.run.worker_log import tail
from tuiwb.tui.scene import Frame, Scene, Sight

COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "cpu": (("cpu", "worker"), ("host_cpu", "host")),
    "memory": (("rss", "worker"),),
    "host": (("host_memory", "used"),),
    "watch": (("watch", "watching"),),
}
"""Pane -> columns of ``system`` in it, each with its name there."""
GPU = {"gpu_util": "util", "gpu_memory": "memory", "gpu_power": "power", "gpu_temp": "temp"}
"""Pane -> how its column ends; a table may have one for each of several GPUs (``gpu1_util``)."""
TITLES = {
    "cpu": "CPU, % of a core", "memory": "worker memory, bytes", "host": "host memory, %",
    "watch": "watch, share of a step", "gpu_util": "GPU, %", "gpu_memory": "GPU memory, bytes",
    "gpu_power": "GPU power, W", "gpu_temp": "GPU temperature, °C",
}  # fmt: skip
_GPU_COLUMN = re.compile(r"gpu(\d*)_(\w+)")
_SHARES = ("gpu_util", "host")


def gpus(view: RunView) -> dict[str, tuple[tuple[str, str], ...]]:
    """`COLUMNS` of the GPUs that the run's newest row has figures of; empty without a GPU."""
    newest = view.table(SYSTEM).tail(1)
    found: dict[str, list[tuple[str, str]]] = {}
    for name in newest.dtype.names or ():
        match = _GPU_COLUMN.fullmatch(name)
        if match is None or not len(newest) or not np.isfinite(newest[name]).all():
            continue
        for pane, end in GPU.items():
            if match[2] == end:
                found.setdefault(pane, []).append((name, f"GPU {match[1] or 0}"))
    return {pane: tuple(columns) for pane, columns in found.items()}


@dataclass
class MachineScene(Scene):
    """Panes of the table ``system``, and the end of the worker's log."""

    log: tuple[str, ...] = ()

    def draw(
        self, view: RunView, name: str, sight: Sight, x: Range, size: tuple[int, int],
        budget: float | None,
    ) -> Canvas:  # fmt: skip
        width, height = size
        on = self._on(view, sight)
        columns: Mapping[str, tuple[tuple[str, str], ...]] = {**COLUMNS, **gpus(view)}
        lines = [
            self._line(view, SYSTEM, column, words, sight, x, 2 * max(8, width - 8), 0, budget, i)
            for i, (column, words) in enumerate(columns.get(name, ()))
        ]
        log = name in sight.log
        figure = Figure(
            TITLES[name],
            tuple(line for line in lines if np.size(line.x)),
            self._marks(view, sight, x),
            x_label=on.name,
            x_range=x,
            y_range=(0.0, 100.0) if name in _SHARES and not log else None,
            x_scale="time" if on.name == "time" else "linear",
            y_scale="log" if log else "linear",
            cursor=sight.cursor,
            empty="nothing was measured" if view.status.ended_now else "comes within a second",
        )
        before = self._figures.get(name)
        figure = fit(figure, before if isinstance(before, Figure) else None)
        self._figures[name] = figure
        return paint(figure, width, height, self.glyphs)

    def framed(self, frame: Frame, sight: Sight, budget: float | None) -> Frame:
        self.log = tail(RunPaths(self.path).log)
        return frame
