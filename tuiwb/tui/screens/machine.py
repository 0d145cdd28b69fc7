"""The machine under a run: processor, memory, GPU, and what the worker has written to its log."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from tuiwb.base.text import one_line
from tuiwb.tui import machine, palette
from tuiwb.tui.actions import Context
from tuiwb.tui.machine import COLUMNS, GPU, MachineScene
from tuiwb.tui.scene import Frame, Sight
from tuiwb.tui.screens.spread import Spread
from tuiwb.tui.widgets.lines import Line, wrap
from tuiwb.tui.widgets.scroll import TextPane

LOG = "worker-log"


class MachineScreen(Spread):
    """Charts of the run's heartbeat, over time; without a GPU there are no panes of one."""

    CONTEXT: ClassVar[Context] = "machine"
    TEXTS = (LOG,)
    PANES = (*COLUMNS, *GPU, LOG)
    SCALED = (*COLUMNS, *GPU)
    SHORT: ClassVar[dict[str, str]] = {
        "memory": "mem", "gpu_util": "GPU", "gpu_memory": "GPU mem", "gpu_power": "W",
        "gpu_temp": "°C", LOG: "log",
    }  # fmt: skip

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.sight = Sight(axis="time")
        self.gpu = False

    @property
    def stops(self) -> tuple[str, ...]:
        return self.PANES if self.gpu else (*COLUMNS, LOG)

    def text(self, name: str) -> TextPane:
        return TextPane(name, "worker.log", self._log_lines, tail=True)

    def begin(self) -> MachineScene:
        app = self.workbench
        return MachineScene(self.path, app.clock, app.glyphs, app.look.colour)

    def applied(self, frame: Frame) -> None:
        gpu = bool(machine.gpus(frame.view))
        changed = gpu != self.gpu or self.frame is None
        self.gpu = gpu
        super().applied(frame)
        if changed:
            self.set_class(gpu, "-gpu")
            self.arrange_panes()

    def about(self, width: int) -> Line:
        device = self.frame.view.device if self.frame is not None else {}
        words = one_line(str(device.get("name") or device.get("device") or ""), 40)
        many = device.get("processes")
        by = f"{many} processes" if isinstance(many, int) else ""
        by += ", sharded" if by and device.get("sharded") else ""
        host = one_line(str(self.frame.view.meta.get("host", "")), 30) if self.frame else ""
        return [
            (f" {one_line(self.path.name, 40)} ", palette.STRONG),
            (" machine ", palette.DIM),
            ("  ".join(filter(None, (host, words, by))), palette.PLAIN),
        ]

    def _log_lines(self, width: int) -> list[Line]:
        log = self.bench.log if isinstance(self.bench, MachineScene) else ()
        if not log:
            return [[(" the worker has written nothing", palette.DIM)]]
        return [[(f" {part}", palette.PLAIN)] for line in log for part in wrap(line, width - 2)]
