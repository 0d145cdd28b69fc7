"""The bench's panes as figures and painted canvases, without a screen: see `scene.py`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tuiwb.base.text import clean
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.domain import fit, fit_map
from tuiwb.plots.figure import Figure, HeatMap, Line, Range
from tuiwb.plots.heatmap import paint_heatmap
from tuiwb.plots.names import short_names
from tuiwb.plots.paint import paint
from tuiwb.run.schema import SYSTEM
from tuiwb.run.view import RunView
from tuiwb.tui.evidence import charts
from tuiwb.tui.figures import FIGURES
from tuiwb.tui.findings import chosen
from tuiwb.tui.gallery import PICTURE, Gallery
from tuiwb.tui.metrics import FIRST, split
from tuiwb.tui.panes import MAPS, TITLES
from tuiwb.tui.scene import SMOOTHING, Frame, Scene, Sight

MEASURES = {
    "gradients": ("grad_norm", "update_ratio", "back_std", "weight_norm"),
    "activations": ("act_std", "act_mean", "act_zero", "act_dead", "act_saturated"),
}
"""Heat map -> the columns of ``layers`` that it can show, its own first."""


@dataclass
class Bench(Scene):
    """The panes of the bench: charts, heat maps by layer, pictures."""

    _gallery: Gallery | None = None

    def draw(
        self, view: RunView, name: str, sight: Sight, x: Range, size: tuple[int, int],
        budget: float | None,
    ) -> Canvas:  # fmt: skip
        width, height = size
        if name == PICTURE:
            return self._picture(view, sight, width, height)
        if name in MAPS:
            chart = self._heat_map(view, name, sight, x, width, budget)
            return paint_heatmap(chart, width, height, self.glyphs, self.colour)
        figure = self._figure(view, name, sight, x, width, budget)
        return paint(figure, width, height, self.glyphs)

    def framed(self, frame: Frame, sight: Sight, budget: float | None) -> Frame:
        shown = PICTURE in frame.canvases and self._gallery is not None
        names = self._gallery.names if shown and self._gallery is not None else ()
        images = self._gallery.images if shown and self._gallery is not None else ()
        finding = chosen(frame.view, sight.finding)
        evidence = charts(frame.view, finding, budget) if finding is not None else ()
        return replace(frame, pictures=names, images=images, evidence=evidence)

    def _picture(self, view: RunView, sight: Sight, width: int, height: int) -> Canvas:
        self._gallery = self._gallery or Gallery(self.path)
        self._gallery.look(view)
        return self._gallery.paint(
            sight.picture, width, height, self.glyphs, self.colour, sight.discretise, self.means
        )

    def _figure(
        self, view: RunView, name: str, sight: Sight, x: Range, width: int, budget: float | None
    ) -> Figure:
        log = name in sight.log
        figure = Figure(
            title_of(view, name),
            self._lines(view, name, sight, x, max(8, 2 * (width - 8)), budget),
            self._marks(view, sight, x),
            x_label=self._on(view, sight).name,
            x_range=x,
            x_scale="time" if sight.axis == "time" else "linear",
            y_scale="log" if log else "linear",
            cursor=sight.cursor,
            empty=_empty(view, name),
        )
        before = self._figures.get(name)
        figure = fit(figure, before if isinstance(before, Figure) else None)
        self._figures[name] = figure
        return figure

    def _lines(
        self, view: RunView, name: str, sight: Sight, x: Range, buckets: int, budget: float | None
    ) -> tuple[Line, ...]:
        half = SMOOTHING[sight.smoothing] * (x[1] - x[0])
        table, column = split(name)
        if table:
            kept = half if table not in ("evals", SYSTEM) else 0.0
            who = clean(column, 40)
            lines = [self._line(view, table, column, who, sight, x, buckets, kept, budget)]
        elif name == "loss":
            lines = [self._line(view, "steps", "loss", "train", sight, x, buckets, half, budget)]
            evals = view.table("evals")
            if "val_loss" in evals.columns:
                val = self._line(view, "evals", "val_loss", "val", sight, x, buckets, 0, budget, 1)
                lines.append(val)
        elif name == "gradient":
            lines = [
                self._line(view, "steps", "grad_norm", "norm", sight, x, buckets, half, budget, 2)
            ]
        elif name == "rate":
            lines = [self._line(view, "steps", "lr", "lr", sight, x, buckets, 0, budget, 3)]
        else:
            metric = metric_of(view)
            table, who = "evals", "val"
            if metric not in view.table("evals").columns:
                table, who = "metrics", "train"  # of a loop of the user's own
            lines = [self._line(view, table, metric, who, sight, x, buckets, 0, budget, 1)]
            same = training_metric(view, metric) if table == "evals" else None
            if same is not None:
                lines.insert(
                    0, self._line(view, "metrics", same, "train", sight, x, buckets, half, budget)
                )
        return tuple(line for line in lines if np.size(line.x))

    def sources(self, view: RunView, sight: Sight, name: str) -> tuple[tuple[str, str], ...]:
        table, column = split(name)
        if table:
            return ((table, column),)
        if name in MAPS:
            return (("layers", getattr(sight, name)),)
        if name != "metric":
            columns = {"loss": "loss", "gradient": "grad_norm", "rate": "lr"}
            found = [("steps", columns[name])] if name in columns else []
            val = name == "loss" and "val_loss" in view.table("evals").columns
            return (*found, *([("evals", "val_loss")] if val else []))
        metric = metric_of(view)
        if metric not in view.table("evals").columns:
            return (("metrics", metric),)
        same = training_metric(view, metric)
        return (*([("metrics", same)] if same is not None else []), ("evals", metric))

    def _heat_map(
        self, view: RunView, name: str, sight: Sight, x: Range, width: int, budget: float | None
    ) -> HeatMap:
        column = getattr(sight, name)
        at, values = self._matrix(view, column, sight, x, max(8, width - 14), budget)
        names = [layer.name for layer in view.layers]
        names += [f"layer {i + 1}" for i in range(len(names), len(values))]
        shown = [i for i in range(len(values)) if np.isfinite(values[i]).any()]
        chart = HeatMap(
            TITLES[name] if column == MEASURES[name][0] else f"{measure_words(column)} by layer",
            short_names([clean(names[i], 80) for i in shown], min(24, max(4, width // 4))),
            at,
            values[shown] if shown else np.empty((0, 0)),
            scale="log10" if name == "gradients" or name in sight.log else "linear",
            x_label=self._on(view, sight).name,
            x_range=x,
            x_scale="time" if sight.axis == "time" else "linear",
            cursor=sight.cursor,
            empty=_empty(view, name),
            marks=self._marks(view, sight, x),
        )
        before = self._figures.get(name)
        chart = fit_map(chart, before if isinstance(before, HeatMap) else None)
        self._figures[name] = chart
        return chart


def metric_of(view: RunView) -> str:
    """The metric worth a chart of its own: the one that is expected of the preset, or the first."""
    columns = [c for c in view.table("evals").columns if c not in ("step", "time")]
    expect = view.spec.spec.about.expect if view.spec else None
    if expect is not None and (expect.metric in columns or not columns):
        return expect.metric
    columns += [c for c in view.table("metrics").columns if c not in ("step", "time")]
    return next((c for c in columns if c != "val_loss"), "val_loss")


def training_metric(view: RunView, metric: str) -> str | None:
    """What a loop of the user's own tells at each step of the same, by the names that are usual."""
    name = metric.removeprefix("val_")
    told = view.table("metrics").columns
    return next((n for n in (name, f"train_{name}", f"train/{name}") if n in told), None)


def title_of(view: RunView, name: str) -> str:
    """What a pane shows, in words."""
    table, column = split(name)
    if table:
        return clean(column if table in FIRST else f"{table} {column}", 60)
    return metric_words(view) if name == "metric" else TITLES[name]


def metric_words(view: RunView) -> str:
    """`metric_of` as a title."""
    return clean(metric_of(view).replace("_", " "), 40)


def measure_words(column: str) -> str:
    """A column of ``layers`` in words."""
    return next((one.title for one in FIGURES if one.name == column), column.replace("_", " "))


def _empty(view: RunView, name: str) -> str:
    if view.status.ended_now:
        return "nothing was measured"
    if name == "metric":
        if view.own:
            return "comes with run.evaluate(accuracy=...)"
        every = view.spec.spec.train.eval_every if view.spec else 0
        return f"first evaluation at step {every}" if every else "evaluated at the end"
    return "comes with the first step"
