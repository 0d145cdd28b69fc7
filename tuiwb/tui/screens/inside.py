"""Keys that look inside: all layers, the machine, what the heat maps show. Mixed into the bench."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.style import Style

from tuiwb.tui.bench import MEASURES, measure_words
from tuiwb.tui.panes import MAPS
from tuiwb.tui.scene import Frame, Sight

if TYPE_CHECKING:
    from tuiwb.tui.app import Workbench


class Inside:
    """What `RunScreen` does for ``L``, ``G`` and ``v``."""

    path: Path
    frame: Frame | None
    sight: Sight
    here: str

    if TYPE_CHECKING:
        workbench: Workbench

        def say(self, text: str, style: Style = ..., seconds: float = ...) -> None: ...

        def look(self, **changes: object) -> None: ...

    def action_layers(self) -> None:
        """All layers; from a heat map, at the figure that it shows."""
        from tuiwb.tui.screens.layers import LayersScreen

        column = getattr(self.sight, self.here) if self.here in MAPS else "grad_norm"
        self.workbench.push_screen(LayersScreen(self.path, column))

    def action_machine(self) -> None:
        from tuiwb.tui.screens.machine import MachineScreen

        self.workbench.push_screen(MachineScreen(self.path))

    def action_measure(self) -> None:
        """The next figure on the map that has the keys, on the first where none has."""
        name = self.here if self.here in MAPS else MAPS[0]
        held = self.frame.view.table("layers").columns if self.frame is not None else ()
        choice = [column for column in MEASURES[name] if column in held] or [MEASURES[name][0]]
        now = getattr(self.sight, name)
        at = choice.index(now) + 1 if now in choice else 0
        self.look(**{name: choice[at % len(choice)]})
        self.say(f"{measure_words(getattr(self.sight, name))} by layer")
