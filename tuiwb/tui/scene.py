"""A run looked at along its steps: what is read, which part is in view, what charts are made of.

`Scene.beat` reads what is new and paints the panes that are in view; it is called from a worker
thread, one call at a time, so that no file and no envelope ever holds up the event loop. What the
panes are is a subclass's business: the bench, one layer, the machine.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from threading import Lock

import numpy as np

from tuiwb.base.clock import Clock
from tuiwb.client.lineage import Child
from tuiwb.client.marks import course
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.domain import x_limits
from tuiwb.plots.figure import Figure, HeatMap, Line, Mark, Range
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.heatmap import map_geometry
from tuiwb.plots.histogram import Histogram, histogram_geometry
from tuiwb.plots.paint import geometry
from tuiwb.plots.scales import Floats, Scale
from tuiwb.plots.smooth import smooth
from tuiwb.run.decimate import Envelope
from tuiwb.run.reader import RunReader
from tuiwb.run.schema import SAMPLED, SYSTEM
from tuiwb.run.view import RunView
from tuiwb.tui.axis import Axis, Scaled, axis_of, latest
from tuiwb.tui.findings import Key
from tuiwb.tui.graphics.easel import Image
from tuiwb.tui.graphics.means import Means

SMOOTHING = (0.01, 0.04, 0.0)
"""Half-lives to choose from, as shares of the steps in view; 0 draws every bucket's mean."""


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
    gradients: str = "grad_norm"
    """The column of ``layers`` on the first heat map."""
    activations: str = "act_std"
    """The column on the second."""
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
    images: tuple[Image, ...] = ()
    """What of the pane of pictures a terminal shows as images."""
    evidence: tuple[Figure, ...] = ()
    """What the chosen finding goes by."""


@dataclass
class Scene(ABC):
    """A run being watched. Subclasses say in `draw` what each pane shows."""

    path: Path
    clock: Clock
    glyphs: GlyphSet = "braille"
    colour: bool = True
    means: Means | None = None
    """How this terminal shows images, where it does."""
    _reader: RunReader | None = None
    _last: tuple[object, ...] = ()
    _frame: Frame | None = None
    _figures: dict[str, Figure | HeatMap | Histogram] = field(default_factory=dict)
    _marked: tuple[tuple[object, ...], tuple[Mark, ...]] | None = None
    _domain: Range | None = None
    _domain_axis: Axis = "step"
    _axis: tuple[RunView, Axis, Scaled] | None = None
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

    @abstractmethod
    def draw(
        self, view: RunView, name: str, sight: Sight, x: Range, size: tuple[int, int],
        budget: float | None,
    ) -> Canvas:  # fmt: skip
        """The pane ``name`` in ``size`` (width, height), over ``x``."""

    def framed(self, frame: Frame, sight: Sight, budget: float | None) -> Frame:
        """The frame with what else belongs to it."""
        return frame

    def _beat(
        self, sight: Sight, panes: Mapping[str, tuple[int, int]], budget: float | None
    ) -> Frame:
        self._reader = self._reader or RunReader(self.path, self.clock)
        view = self._reader.poll(budget)
        asked: tuple[object, ...] = (
            view,
            sight,
            tuple(panes.items()),
            self.children,
            self.glyphs,
            self.colour,
            self.means,
        )
        if self._frame is not None and _same(asked, self._last):
            return self._frame
        extent = self._extent(view, sight)
        x = self._range(view, sight, extent)
        self._read_ahead(view, sight, panes, budget)
        canvases = {
            name: self.draw(view, name, sight, x, size, budget) for name, size in panes.items()
        }
        self._last = asked
        self._frame = self.framed(Frame(view, canvases, extent, x), sight, budget)
        return self._frame

    def _read_ahead(
        self, view: RunView, sight: Sight, panes: Iterable[str], budget: float | None
    ) -> None:
        """What the panes show comes from the same few tables: each is gone through once."""
        wanted: dict[str, set[str]] = {}
        for pane in panes:
            for table, column in self.sources(view, sight, pane):
                wanted.setdefault(table, {self._on(view, sight).column}).add(column)
        for table, columns in wanted.items():
            view.table(table).read_ahead(columns, budget)

    def figure(self, name: str) -> Figure | HeatMap | Histogram | None:
        """What a pane shows, as it was last painted; None where that is no chart."""
        return self._figures.get(name)

    def sources(self, view: RunView, sight: Sight, name: str) -> tuple[tuple[str, str], ...]:
        """The tables and columns behind a pane's chart."""
        return ()

    def x_at(self, name: str, width: int, height: int, column: int) -> float | None:
        """The x under a column of a pane: for the mouse."""
        chart = self._figures.get(name)
        if chart is None:
            return None
        if isinstance(chart, HeatMap):
            area, scale = (at := map_geometry(chart, width, height, self.glyphs)).area, at.x
        elif isinstance(chart, Histogram):
            area, scale = (of := histogram_geometry(chart, width, height)).area, of.x
        else:
            area, scale = (on := geometry(chart, width, height)).area, on.x
        return _x_of(scale, (column - area.left + 0.5) / max(1, area.width))

    def step_at(self, view: RunView, axis: Axis, x: float) -> int:
        """The last step at or before a place on the x axis."""
        on = axis_of(view, axis)
        if on.column == "step":
            return int(on.back(x) + 1e-6)
        row = view.table("steps").row_at(on.back(x), "time")
        return int(row["step"]) if row is not None else 0

    def close(self) -> None:
        """Let go of the run's files."""
        with self._one:
            if self._reader is not None:
                self._reader.close()

    def _extent(self, view: RunView, sight: Sight) -> Range:
        on = self._on(view, sight)
        if on.column == "step":
            return 0.0, on.at(float(max(view.status.step, 1)))
        last, _ = latest(view)
        return 0.0, max(1.0, on.at(last)) if last else 1.0

    def _on(self, view: RunView, sight: Sight) -> Scaled:
        """The x axis that is looked along."""
        if self._axis is None or self._axis[0] is not view or self._axis[1] != sight.axis:
            self._axis = view, sight.axis, axis_of(view, sight.axis)
        return self._axis[2]

    def _range(self, view: RunView, sight: Sight, extent: Range) -> Range:
        if self._domain_axis != sight.axis:
            self._domain, self._domain_axis = None, sight.axis
        low, high = x_limits(*extent, self._domain)
        self._domain = (low, high)
        steps = view.status.steps / self._on(view, sight).unit if view.status.steps else 0.0
        if sight.axis != "time" and steps and extent[1] <= steps < high:
            high = steps
        elif sight.axis == "time" and view.status.ended_now:
            high = extent[1]
        return in_view(sight, (low, high), extent[1])

    def _line(
        self, view: RunView, table: str, column: str, name: str, sight: Sight, x: Range,
        buckets: int, half: float, budget: float | None, colour: int = 0,
    ) -> Line:  # fmt: skip
        on = self._on(view, sight)
        held = view.table(table)
        curve = joined(
            [held.envelope(column, many, on.column, low, high, budget)
             for low, high, many in on.parts(x, buckets)]
        )  # fmt: skip
        if column in SAMPLED or table == SYSTEM:
            curve = curve.taken()
        at = on.at(curve.x)
        bright = smooth(at, curve.mean, half) if half else curve.mean
        band = table != "evals" and column != "lr"
        return Line(
            name, at, bright,
            curve.low if band else None, curve.high if band else None,
            colour=colour, nonfinite=curve.nonfinite,
        )  # fmt: skip

    def _matrix(
        self, view: RunView, column: str, sight: Sight, x: Range, buckets: int,
        budget: float | None,
    ) -> tuple[Floats, Floats]:  # fmt: skip
        """A column of ``layers`` over ``x``: places (B,) and values (layers, B)."""
        on, table = self._on(view, sight), view.table("layers")
        found = [
            table.matrix(column, many, low, high, on.column, budget)
            for low, high, many in on.parts(x, buckets)
        ]
        held = [one for one in found if len(one[0])] or found[:1]
        return on.at(np.concatenate([at for at, _ in held])), np.concatenate(
            [values for _, values in held], axis=1
        )

    def _marks(self, view: RunView, sight: Sight, x: Range) -> tuple[Mark, ...]:
        of: tuple[object, ...] = (view.events, self.children, sight.axis, x)
        if self._marked is None or not _same(of, self._marked[0]):
            on = self._on(view, sight)
            marks = [
                Mark(on.at(one.time if on.column == "time" else one.step), one.kind, one.label)
                for one in course(view, self.children)
            ]
            shown = tuple([mark for mark in marks if x[0] <= mark.x <= x[1]][-200:])
            self._marked = of, shown
        return self._marked[1]


def in_view(sight: Sight, whole: Range, newest: float) -> Range:
    """The x range that is looked at, of the ``whole`` that there is to look at."""
    if sight.span is None:
        return whole
    if sight.end is not None:
        return sight.end - sight.span, sight.end
    # following: the window moves on in quarters, not with every step
    quarter = sight.span / 4
    end = np.ceil(newest / quarter) * quarter
    return float(end - sight.span), float(end)


def joined(curves: Sequence[Envelope]) -> Envelope:
    """Curves over stretches that follow each other as one."""
    if len(curves) == 1:
        return curves[0]
    return Envelope(
        *(np.concatenate([getattr(c, f.name) for c in curves]) for f in fields(Envelope))
    )


def _same(a: tuple[object, ...], b: tuple[object, ...]) -> bool:
    return len(a) == len(b) and a[0] is b[0] and a[1:] == b[1:]


def _x_of(scale: Scale, share: float) -> float:
    return scale.low + share * (scale.high - scale.low)
