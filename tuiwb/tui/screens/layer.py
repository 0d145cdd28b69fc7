"""One layer of a run: histograms over time, norms, what it puts out, its facts."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from tuiwb.base.text import one_line
from tuiwb.plots.names import middle
from tuiwb.tui import palette, portrait
from tuiwb.tui.actions import Context
from tuiwb.tui.layer import CURVES, HISTOGRAM_PANES, LayerScene
from tuiwb.tui.scene import Sight
from tuiwb.tui.screens.spread import Spread
from tuiwb.tui.widgets.lines import Line
from tuiwb.tui.widgets.scroll import TextPane

FACTS = "facts"


class LayerScreen(Spread):
    """Follows one layer; ``n`` and ``p`` go to its neighbours."""

    CONTEXT: ClassVar[Context] = "layer"
    TEXTS = (FACTS,)
    PANES = (HISTOGRAM_PANES[0], FACTS, *HISTOGRAM_PANES[1:], *CURVES)
    SCALED = (*HISTOGRAM_PANES, *CURVES)
    SHORT: ClassVar[dict[str, str]] = {
        "activations": "acts", "gradients": "grads", "norms": "norm", "ratio": "update",
        "weights": "weight", "output": "out", "shares": "zero", "backward": "back",
    }  # fmt: skip

    def __init__(self, path: Path, layer: int, sight: Sight | None = None) -> None:
        super().__init__(path)
        self.row = layer
        if sight is not None:
            self.sight = sight

    def text(self, name: str) -> TextPane:
        return TextPane(name, "facts", self._facts, tail=False)

    def begin(self) -> LayerScene:
        app = self.workbench
        return LayerScene(self.path, app.clock, app.glyphs, app.look.colour, layer=self.row)

    def about(self, width: int) -> Line:
        layers = portrait.layers_of(self.frame.view) if self.frame is not None else ()
        here = layers[self.row] if self.row < len(layers) else None
        name = one_line(here.name) if here is not None else f"layer {self.row + 1}"
        return [
            (f" {middle(name, max(10, width // 2))} ", palette.STRONG),
            (f" {one_line(here.kind, 30) if here else ''}  ", palette.DIM),
            (f"{self.row + 1} of {len(layers)}  " if layers else "", palette.DIM),
        ]

    def _facts(self, width: int) -> list[Line]:
        return portrait.lines(self.frame.view, self.row, width) if self.frame else []

    def _go_to(self, by: int) -> None:
        if self.frame is None:
            return
        layers = portrait.layers_of(self.frame.view)
        wanted = max(0, min(len(layers) - 1, self.row + by))
        if wanted != self.row and self.bench is not None:
            self.bench.close()
            self.row = wanted
            self.bench = self.begin()
            self.wake()

    def action_next_layer(self) -> None:
        self._go_to(1)

    def action_previous_layer(self) -> None:
        self._go_to(-1)
