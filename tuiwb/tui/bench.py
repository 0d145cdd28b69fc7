"""A run as figures and painted canvases: everything the bench draws, without a screen.

`Bench.beat` reads what is new and paints the panes that are in view; it is called from a worker
thread, one call at a time, so that no file and no envelope ever holds up the event loop.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Literal

import numpy as np

from tuiwb.base.clock import Clock
from tuiwb.base.text import clean
from tuiwb.client.lineage import Child
from tuiwb.client.marks import course
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.domain import fit, fit_map, x_limits
from tuiwb.plots.figure import Figure, HeatMap, Line, Mark, Range
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.heatmap import map_geometry, paint_heatmap
from tuiwb.plots.paint import geometry, paint
from tuiwb.plots.scales import Scale
from tuiwb.plots.smooth import smooth
from tuiwb.run.reader import RunReader
from tuiwb.run.schema import SAMPLED
from tuiwb.run.view import RunView
from tuiwb.tui.evidence import charts
from tuiwb.tui.findings import Key, chosen
from tuiwb.tui.gallery import PICTURE, Gallery

Axis = Literal["step", "time"]

CHARTS = ("loss", "gradient", "metric", "rate")
MAPS = ("gradients", "activations")
SMOOTHING = (0.01, 0.04, 0.0)
"""Half-lives to choose from, as shares of the steps in view; 0 draws every bucket's mean."""

_MAP_COLUMNS = {"gradients": "grad_norm", "activations": "act_std"}


@dataclass(frozen=True)
class Sight:
    """What part of a run is looked at, and how; the same for all charts but for the log scales."""

    axis: Axis = "step"
    span: float | None = None
    """Width of the x range in view; None shows the whole run."""
    end: float | None = None
    """Where that range ends; None keeps up with the newest step."""
    log: frozenset[str] = frozenset()
    smoothing: int = 0
    cursor: float | None = None
    picture: str = ""
    """Which picture is shown, by its name in the run's folder; empty shows the first."""
    finding: Key | None = None
    """Which finding is shown whole; None shows the newest."""
    discretise: bool = False
    """Show what a decision boundary answers rather than how surely."""


@dataclass(frozen=True)
class Frame:
    """The outcome of one beat: the run, and the canvases of the panes that were asked for."""

    view: RunView
    canvases: Mapping[str, Canvas]
    extent: Range
    """x of the first and the newest step."""
    x_range: Range
    """x range in view."""
    pictures: tuple[str, ...] = ()
    """Names of the pictures that there are, where the pane of pictures was asked for."""
    evidence: tuple[Figure, ...] = ()
    """What the chosen finding goes by."""


@dataclass
class Bench:
    """A run being watched."""

    path: Path
    clock: Clock
    glyphs: GlyphSet = "braille"
    colour: bool = True
    _reader: RunReader | None = None
    _last: tuple[object, ...] = ()
    _frame: Frame | None = None
    _gallery: Gallery | None = None
    _figures: dict[str, Figure | HeatMap] = field(default_factory=dict)
    _domain: Range | None = None
    _domain_axis: Axis = "step"
    _one: Lock = field(default_factory=Lock)
    children: tuple[Child, ...] = ()
    """Forks of this run, where somebody has looked for them."""

    def beat(
        self, sight: Sight, panes: Mapping[str, tuple[int, int]], budget: float | None = 0.05
    ) -> Frame:
        """Read for about ``budget`` seconds and paint ``panes`` (name -> width, height).

        Raises `UserError` where the folder is no run. Panes that are not asked for cost nothing.
        """
        with self._one:  # a beat that nobody waits for any more may still be under way
            return self._beat(sight, panes, budget)

    def _beat(
        self, sight: Sight, panes: Mapping[str, tuple[int, int]], budget: float | None
    ) -> Frame:
        self._reader = self._reader or RunReader(self.path, self.clock)
        view = self._reader.poll(budget)
        asked: tuple[object, ...] = (view, sight, tuple(panes.items()), self.children)
        if self._frame is not None and _same(asked, self._last):
            return self._frame
        extent = self._extent(view, sight.axis)
        x_range = self._range(view, sight, extent)
        canvases = {}
        for name, (width, height) in panes.items():
            if name == PICTURE:
                canvases[name] = self._picture(view, sight, width, height)
            elif name in MAPS:
                chart = self._heat_map(view, name, sight, x_range, width, budget)
                canvases[name] = paint_heatmap(chart, width, height, self.glyphs, self.colour)
            else:
                figure = self._figure(view, name, sight, x_range, width, budget)
                canvases[name] = paint(figure, width, height, self.glyphs)
        self._last = asked
        shown = self._gallery.names if self._gallery is not None and PICTURE in panes else ()
        finding = chosen(view, sight.finding)
        evidence = charts(view, finding, budget) if finding is not None else ()
        self._frame = Frame(view, canvases, extent, x_range, shown, evidence)
        return self._frame

    def _picture(self, view: RunView, sight: Sight, width: int, height: int) -> Canvas:
        self._gallery = self._gallery or Gallery(self.path)
        self._gallery.look(view)
        return self._gallery.paint(
            sight.picture, width, height, self.glyphs, self.colour, sight.discretise
        )

    def x_at(self, name: str, width: int, height: int, column: int) -> float | None:
        """The x under a column of a pane: for the mouse."""
        chart = self._figures.get(name)
        if chart is None:
            return None
        if isinstance(chart, HeatMap):
            area, scale = (at := map_geometry(chart, width, height, self.glyphs)).area, at.x
        else:
            area, scale = (on := geometry(chart, width, height)).area, on.x
        return _x_of(scale, (column - area.left + 0.5) / max(1, area.width))

    def step_at(self, view: RunView, axis: Axis, x: float) -> int:
        """The last step at or before a place on the x axis."""
        if axis == "step":
            return int(x)
        row = view.table("steps").row_at(x + self._origin(view), "time")
        return int(row["step"]) if row is not None else 0

    def close(self) -> None:
        """Let go of the run's files."""
        with self._one:
            if self._reader is not None:
                self._reader.close()

    def _extent(self, view: RunView, axis: Axis) -> Range:
        if axis == "step":
            return 0.0, float(max(view.status.step, 1))
        start, last = self._origin(view), view.table("steps").last("time")
        return 0.0, max(1.0, last - start) if last else 1.0

    def _origin(self, view: RunView) -> float:
        """The time that counts as 0 on the time axis: the first step's."""
        rows = view.table("steps").read(0, 1)
        return float(rows["time"][0]) if len(rows) and "time" in (rows.dtype.names or ()) else 0.0

    def _range(self, view: RunView, sight: Sight, extent: Range) -> Range:
        if self._domain_axis != sight.axis:
            self._domain, self._domain_axis = None, sight.axis
        low, high = x_limits(*extent, self._domain)
        self._domain = (low, high)
        steps = view.status.steps
        if sight.axis == "step" and steps and extent[1] <= steps < high:
            high = float(steps)
        elif sight.axis == "time" and view.status.ended_now:
            high = extent[1]
        if sight.span is None:
            return low, high
        if sight.end is not None:
            return sight.end - sight.span, sight.end
        # following: the window moves on in quarters, not with every step
        quarter = sight.span / 4
        end = np.ceil(extent[1] / quarter) * quarter
        return float(end - sight.span), float(end)

    def _figure(
        self, view: RunView, name: str, sight: Sight, x: Range, width: int, budget: float | None
    ) -> Figure:
        log = name in sight.log
        figure = Figure(
            TITLES[name] if name != "metric" else metric_words(view),
            self._lines(view, name, sight, x, max(8, 2 * (width - 8)), budget),
            self._marks(view, sight, x),
            x_label=sight.axis,
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
        if name == "loss":
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
        return tuple(line for line in lines if np.size(line.x))

    def _line(
        self, view: RunView, table: str, column: str, name: str, sight: Sight, x: Range,
        buckets: int, half: float, budget: float | None, colour: int = 0,
    ) -> Line:  # fmt: skip
        origin = self._origin(view) if sight.axis == "time" else 0.0
        curve = view.table(table).envelope(
            column, buckets, sight.axis, x[0] + origin, x[1] + origin, budget_s=budget
        )
        if column in SAMPLED:
            curve = curve.taken()
        at = curve.x - origin
        bright = smooth(at, curve.mean, half) if half else curve.mean
        band = table == "steps" and column != "lr"
        return Line(
            name, at, bright,
            curve.low if band else None, curve.high if band else None,
            colour=colour, nonfinite=curve.nonfinite,
        )  # fmt: skip

    def _marks(self, view: RunView, sight: Sight, x: Range) -> tuple[Mark, ...]:
        origin = self._origin(view) if sight.axis == "time" else 0.0
        marks = [
            Mark(
                float(one.step) if sight.axis == "step" else one.time - origin, one.kind, one.label
            )
            for one in course(view, self.children)
        ]
        return tuple([mark for mark in marks if x[0] <= mark.x <= x[1]][-200:])

    def _heat_map(
        self, view: RunView, name: str, sight: Sight, x: Range, width: int, budget: float | None
    ) -> HeatMap:
        table, origin = view.table("layers"), 0.0
        if sight.axis == "time":
            origin = self._origin(view)
        at, values = table.matrix(
            _MAP_COLUMNS[name], max(8, width - 14), x[0] + origin, x[1] + origin, sight.axis, budget
        )
        names = [layer.name for layer in view.layers]
        names += [f"layer {i + 1}" for i in range(len(names), len(values))]
        shown = [i for i in range(len(values)) if np.isfinite(values[i]).any()]
        chart = HeatMap(
            TITLES[name],
            tuple(short_name(clean(names[i], 80), max(4, width // 4)) for i in shown),
            at - origin,
            values[shown] if shown else np.empty((0, 0)),
            scale="log10" if name == "gradients" or name in sight.log else "linear",
            x_label=sight.axis,
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


TITLES = {
    "loss": "loss",
    "gradient": "gradient norm",
    "metric": "evaluation",
    "rate": "learning rate",
    "gradients": "gradients by layer",
    "activations": "activations by layer",
}


def metric_of(view: RunView) -> str:
    """The metric worth a chart of its own: the one that is expected of the preset, or the first."""
    columns = [c for c in view.table("evals").columns if c not in ("step", "time")]
    expect = view.spec.spec.about.expect if view.spec else None
    if expect is not None and (expect.metric in columns or not columns):
        return expect.metric
    columns += [c for c in view.table("metrics").columns if c not in ("step", "time")]
    return next((c for c in columns if c != "val_loss"), "val_loss")


def metric_words(view: RunView) -> str:
    """`metric_of` as a title."""
    return clean(metric_of(view).replace("_", " "), 40)


def short_name(name: str, room: int) -> str:
    """A dotted path in ``room`` characters: whole, or its folders as ``b1``, or its end alone,
    with the numbers that tell it apart."""
    if len(name) <= room:
        return name
    *folders, last = name.split(".")
    short = [re.sub(r"[^\W\d_][^\W\d]*", lambda m: m.group()[0], folder) for folder in folders]
    for kept in (short, [part for part in short if any(c.isdigit() for c in part)]):
        text = ".".join([*kept, last])
        if len(text) <= room:
            return text
    return text[: max(1, room - 1)] + "…"


def _empty(view: RunView, name: str) -> str:
    if view.status.ended_now:
        return "nothing was measured"
    if name == "metric":
        every = view.spec.spec.train.eval_every if view.spec else 0
        return f"first evaluation at step {every}" if every else "evaluated at the end"
    return "comes with the first step"


def _same(a: tuple[object, ...], b: tuple[object, ...]) -> bool:
    return len(a) == len(b) and a[0] is b[0] and a[1:] == b[1:]


def _x_of(scale: Scale, share: float) -> float:
    return scale.low + share * (scale.high - scale.low)
