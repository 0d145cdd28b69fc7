"""One layer along the steps: what it puts out and what comes back, as histograms and as curves."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tuiwb.base import bins
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.domain import fit
from tuiwb.plots.figure import Figure, Line, Range
from tuiwb.plots.histogram import Histogram, paint_histogram
from tuiwb.plots.paint import paint
from tuiwb.run.cuts import cut
from tuiwb.run.schema import HISTOGRAMS, LAYERS
from tuiwb.run.view import RunView
from tuiwb.tui.scene import Scene, Sight

Array = npt.NDArray[np.float64]

HISTOGRAM_PANES = ("activations", "gradients")
CURVES: dict[str, tuple[tuple[str, str], ...]] = {
    "norms": (("grad_norm", "norm"),),
    "weights": (("weight_norm", "norm"),),
    "ratio": (("update_ratio", "update"),),
    "output": (("act_std", "std"), ("act_mean", "mean")),
    "shares": (("act_zero", "zero"), ("act_dead", "dead"), ("act_saturated", "saturated")),
    "backward": (("back_std", "std"),),
}
"""Pane -> the columns of ``layers`` in it, each with its name there."""
TITLES = {
    "activations": "activations",
    "gradients": "gradients",
    "norms": "gradient norm",
    "weights": "weight norm",
    "ratio": "update ratio",
    "output": "output",
    "shares": "zero, dead, saturated",
    "backward": "backward signal",
}
LOGARITHMIC = ("norms", "ratio", "backward", *HISTOGRAM_PANES)
"""Panes whose scale is logarithmic unless a person wants the other: they span decades."""
_EDGES = np.array(bins.edges())


@dataclass
class LayerScene(Scene):
    """Panes of the layer number ``layer``, in the order of the table."""

    layer: int = 0
    _histograms: dict[str, tuple[object, Array, Array]] = field(default_factory=dict)

    def draw(
        self, view: RunView, name: str, sight: Sight, x: Range, size: tuple[int, int],
        budget: float | None,
    ) -> Canvas:  # fmt: skip
        width, height = size
        log = (name in LOGARITHMIC) != (name in sight.log)
        if name in HISTOGRAM_PANES:
            figure = self._histogram(view, name, sight, x, log)
            return paint_histogram(figure, width, height, self.glyphs, self.colour)
        curves = self._curves(view, name, sight, x, log, max(8, 2 * (width - 8)), budget)
        return paint(curves, width, height, self.glyphs)

    def _histogram(self, view: RunView, name: str, sight: Sight, x: Range, log: bool) -> Histogram:
        on = self._on(view, sight)
        at, counts = self._counts(view, name, on.column)
        figure = Histogram(
            TITLES[name],
            on.at(at) if len(at) else at,
            counts,
            _EDGES,
            x_label=on.name,
            x_range=x,
            x_scale="time" if on.name == "time" else "linear",
            y_scale="log" if log else "linear",
            cursor=sight.cursor,
            empty=self._empty(view, name),
            marks=self._marks(view, sight, x),
        )
        self._figures[name] = figure
        return figure

    def _counts(self, view: RunView, name: str, x: str) -> tuple[Array, Array]:
        """The layer's histograms; read again where the table has grown, which it seldom does."""
        table = view.table(HISTOGRAMS)
        known = tuple((id(segment), rows) for segment, rows in table.parts), x
        kept = self._histograms.get(name)
        if kept is None or kept[0] != known:
            first = self.layer * bins.BINS
            kept = known, *cut(table, name, first, first + bins.BINS, x)
            self._histograms[name] = kept
        return kept[1], kept[2]

    def _curves(
        self, view: RunView, name: str, sight: Sight, x: Range, log: bool, buckets: int,
        budget: float | None,
    ) -> Figure:  # fmt: skip
        on, lines = self._on(view, sight), []
        for colour, (column, words) in enumerate(CURVES[name]):
            at, values = self._matrix(view, column, sight, x, buckets, budget)
            if self.layer >= len(values):
                continue
            there = ~np.isnan(values[self.layer])
            if there.any():
                lines.append(Line(words, at[there], values[self.layer][there], colour=colour))
        figure = Figure(
            TITLES[name],
            tuple(lines),
            self._marks(view, sight, x),
            x_label=on.name,
            x_range=x,
            y_range=(0.0, 1.0) if name == "shares" and not log else None,
            x_scale="time" if on.name == "time" else "linear",
            y_scale="log" if log else "linear",
            cursor=sight.cursor,
            empty=self._empty(view, name),
        )
        before = self._figures.get(name)
        figure = fit(figure, before if isinstance(before, Figure) else None)
        self._figures[name] = figure
        return figure

    def _empty(self, view: RunView, name: str) -> str:
        live = not view.status.ended_now
        if name in HISTOGRAM_PANES:
            if name == "gradients" and view.table(HISTOGRAMS).rows and self._bare(view):
                return "it has no parameters, so none has a gradient"
            return "comes with the first look at the layers" if live else "no histogram was taken"
        return (
            "not measured for this kind of layer"
            if view.table(LAYERS).rows
            else ("comes with the first look at the layers" if live else "nothing was measured")
        )

    def _bare(self, view: RunView) -> bool:
        return self.layer < len(view.layers) and not view.layers[self.layer].parameters
