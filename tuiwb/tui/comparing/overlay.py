"""Several runs as one painted chart and the numbers that stand beside it.

`Overlay.beat` is called from a worker thread, one call at a time, as `Scene.beat` is: no file and
no curve ever holds up the event loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

import numpy as np

from tuiwb.base.clock import Clock
from tuiwb.base.text import clean
from tuiwb.client.beside import Beside
from tuiwb.client.compare import Comparer, Comparison
from tuiwb.client.marks import course
from tuiwb.client.seeds import seeds
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.domain import fit, x_limits
from tuiwb.plots.figure import Figure, Line, Mark, Range
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.paint import geometry, paint
from tuiwb.plots.palette import SERIES
from tuiwb.plots.spread import Spread, at, spread
from tuiwb.run.view import RunView
from tuiwb.tui.axis import Axis
from tuiwb.tui.comparing.curves import EMPTY, Curve, Curves, columns_of, place_of
from tuiwb.tui.scene import SMOOTHING, in_view
from tuiwb.tui.scene import Sight as OfOne


@dataclass(frozen=True)
class Sight(OfOne):
    """What part of the runs is looked at, and how."""

    axis: Axis = "step"
    metric: str = "loss"
    hidden: frozenset[str] = frozenset()
    chosen: str | None = None
    """The run under the cursor: on top of the others, and with its own marks."""
    baseline: str | None = None
    difference: bool = False
    """Draw what is between each run and the baseline."""
    seeds: bool = False
    """Draw runs that differ in their seed alone as their mean and spread."""

    @property
    def log_scale(self) -> bool:
        """Whether the scale is logarithmic: what lies on both sides of zero has none."""
        return bool(self.log) and not self.difference


@dataclass(frozen=True)
class Reading:
    """A run, or the runs of several seeds, in numbers: at the cursor, or the newest in view."""

    label: str
    members: tuple[str, ...]
    value: float | None = None
    deviation: float | None = None
    """Standard deviation over the seeds."""
    difference: float | None = None
    """Less the baseline's value."""
    why: str = ""
    """Why there is no curve."""


@dataclass(frozen=True)
class Frame:
    """The outcome of one beat."""

    found: Comparison
    readings: tuple[Reading, ...]
    canvas: Canvas | None
    extent: Range
    x_range: Range
    columns: tuple[str, ...]
    """Every column that one of the runs has."""
    left_out: tuple[tuple[str, str], ...] = ()
    behind: bool = False

    @property
    def live(self) -> int:
        """How many of the runs go on."""
        return sum(not view.status.ended_now for view in self.found.views.values())


Behind = tuple[RunView, tuple[tuple[str, str], ...], Range]
"""What lies behind a curve: the run, tables with their columns, and the steps in view."""


@dataclass
class Overlay:
    """Runs being compared."""

    paths: Sequence[Path]
    clock: Clock
    glyphs: GlyphSet = "braille"
    _beside: Beside | None = None
    _comparer: Comparer = field(default_factory=Comparer)
    _drawn_splits: Comparer = field(default_factory=Comparer)
    _curves: Curves = field(default_factory=Curves)
    _last: tuple[object, ...] = ()
    _frame: Frame | None = None
    _figure: Figure | None = None
    _domain: tuple[str, Range] | None = None
    _one: Lock = field(default_factory=Lock)

    def beat(
        self, sight: Sight, size: tuple[int, int] | None, budget: float | None = 0.06
    ) -> Frame:
        """Read for about ``budget`` seconds and paint the chart in ``size`` (width, height), or no
        chart; the same frame again where nothing has changed."""
        with self._one:
            return self._beat(sight, size, budget)

    def close(self) -> None:
        """Let go of the runs' files."""
        with self._one:
            if self._beside is not None:
                self._beside.close()

    def figure(self) -> Figure | None:
        """The chart as it was last painted."""
        return self._figure

    def behind_it(self, frame: Frame, sight: Sight) -> dict[str, Behind]:
        """Of each run in the chart: its view, the columns that are drawn, the steps in view."""
        found: dict[str, Behind] = {}
        with self._one:
            for label, view in frame.found.views.items():
                place = place_of(view, sight.metric)
                line = self._curves.timeline(label, view, sight.axis)
                if label not in sight.hidden and place is not None and line is not None:
                    low, high = line.back(np.asarray(frame.x_range)).tolist()
                    found[label] = view, ((place, sight.metric),), (low, high)
        return found

    def x_at(self, name: str, width: int, height: int, column: int) -> float | None:
        """The x under a column of the chart, of which there is one: for the mouse."""
        if self._figure is None:
            return None
        place = geometry(self._figure, width, height)
        return place.area.x_at(column, place.x)

    def _beat(self, sight: Sight, size: tuple[int, int] | None, budget: float | None) -> Frame:
        self._beside = self._beside or Beside(self.paths, self.clock)
        views = self._beside.poll(budget, sight.hidden)
        asked = (views, sight, size, self.glyphs)
        if self._frame is not None and views is self._last[0] and asked[1:] == self._last[1:]:
            if self._frame.behind != self._beside.behind:
                self._frame = replace(self._frame, behind=self._beside.behind)
            return self._frame
        found = self._comparer.compare(views)
        shown = {label: view for label, view in views.items() if label not in sight.hidden}
        counted = dict(shown)
        if sight.baseline is not None and sight.baseline in views:
            counted[sight.baseline] = views[sight.baseline]
        extent = self._extent(counted, sight.axis)
        x = self._range(shown, sight, extent)
        width = size[0] if size else 80
        curves = {
            label: self._curves.curve(
                label, view, sight.metric, sight.axis, x, max(16, 2 * (width - 8)),
                SMOOTHING[sight.smoothing] * (x[1] - x[0]), budget,
            )
            for label, view in counted.items()
        }  # fmt: skip
        groups = seeds(found, list(shown)) if sight.seeds else ()
        means = {
            group: spread(
                [curves[label][:2] for label in group], np.linspace(*x, max(16, 2 * (width - 8)))
            )
            for group in groups
        }
        canvas = None
        if size is not None and size[0] > 0 and size[1] > 0:
            figure = self._draw(found, shown, sight, extent, x, curves, means)
            canvas = paint(figure, *size, self.glyphs)
        self._last = asked
        self._frame = Frame(
            found,
            tuple(self._readings(views, shown, sight, x, width, curves, means)),
            canvas,
            extent,
            x,
            tuple(dict.fromkeys(c for view in views.values() for c in columns_of(view))),
            tuple(self._beside.left_out),
            self._beside.behind,
        )
        return self._frame

    def _extent(self, views: Mapping[str, RunView], axis: Axis) -> Range:
        newest = 0.0
        for label, view in views.items():
            line = self._curves.timeline(label, view, axis)
            if line is not None:
                newest = max(newest, float(line.at(np.array([float(view.status.step)]))[0]))
        return 0.0, newest or 1.0

    def _range(self, views: Mapping[str, RunView], sight: Sight, extent: Range) -> Range:
        same = self._domain is not None and self._domain[0] == sight.axis
        low, high = x_limits(*extent, self._domain[1] if same and self._domain else None)
        self._domain = sight.axis, (low, high)
        planned = max((view.status.steps or 0 for view in views.values()), default=0)
        if all(view.status.ended_now for view in views.values()):
            high = extent[1]
        elif sight.axis == "step" and extent[1] <= planned < high:
            high = float(planned)
        return in_view(sight, (low, high), extent[1])

    def _draw(
        self, found: Comparison, shown: Mapping[str, RunView], sight: Sight, extent: Range,
        x: Range, curves: Mapping[str, Curve], means: Mapping[tuple[str, ...], Spread],
    ) -> Figure:  # fmt: skip
        grouped = {label for group in means for label in group}
        splits = self._drawn_splits.splits(shown)
        base = curves.get(sight.baseline or "", EMPTY) if sight.difference else None
        labels = list(found.views)
        lines, marks = [], []
        for label in shown:
            curve, number = curves[label], labels.index(label)
            if splits[label]:
                line = self._curves.timeline(label, shown[label], sight.axis)
                place = float(line.at(np.array([splits[label]]))[0]) if line is not None else 0.0
                marks.append(Mark(place, "fork", f"{number + 1} forks"))
                curve = curve if base is not None else curve.since(place)
            if label not in grouped:
                lines.append(_line(label, number, curve, base, not SMOOTHING[sight.smoothing]))
        for group, mean in means.items():
            lines.append(_mean(group, labels.index(group[0]), mean, base))
        # the one in hand is drawn last: of two lines in one cell that one's colour is seen
        lines.sort(key=lambda line: line.name == sight.chosen)
        if sight.chosen is not None and sight.chosen in shown:
            marks += self._marks(sight.chosen, shown[sight.chosen], sight.axis)
        name = clean(sight.metric.replace("_", " "), 60)
        baseline = labels.index(sight.baseline) + 1 if sight.baseline in labels else 0
        figure = Figure(
            f"{name}, less that of {baseline}" if base is not None else name,
            tuple(line for line in lines if np.size(line.x)),
            tuple(mark for mark in marks if x[0] <= mark.x <= x[1]),
            x_label=sight.axis,
            x_range=x,
            x_scale="time" if sight.axis == "time" else "linear",
            y_scale="log" if sight.log_scale else "linear",
            cursor=sight.cursor,
            empty=_empty(found, shown, sight),
            legend=False,
        )
        self._figure = fit(figure, self._figure if self._same_kind(figure) else None)
        return self._figure

    def _same_kind(self, figure: Figure) -> bool:
        before = self._figure
        return before is not None and (before.title, before.y_scale) == (
            figure.title, figure.y_scale,
        )  # fmt: skip

    def _marks(self, label: str, view: RunView, axis: Axis) -> list[Mark]:
        line = self._curves.timeline(label, view, axis)
        told = [one for one in course(view) if one.kind not in ("kept", "fork")][-100:]
        if line is None or not told:
            return []
        places = line.at(np.array([float(one.step) for one in told]))
        return [Mark(float(x), one.kind, one.label) for x, one in zip(places, told, strict=True)]

    def _readings(
        self, views: Mapping[str, RunView], shown: Mapping[str, RunView], sight: Sight, x: Range,
        width: int, curves: Mapping[str, Curve], means: Mapping[tuple[str, ...], Spread],
    ) -> list[Reading]:  # fmt: skip
        reach = (x[1] - x[0]) / max(8, width - 8)

        def value(label: str) -> float | None:
            curve = curves.get(label, EMPTY)
            return curve.last() if sight.cursor is None else curve.near(sight.cursor, reach)

        base = value(sight.baseline) if sight.baseline is not None else None
        out = []
        first = {group[0]: group for group in means}
        later = {label for group in means for label in group[1:]}
        for label, view in views.items():
            if label in later:
                continue
            members = first.get(label, (label,))
            known = [v for one in members if (v := value(one)) is not None]
            mean = float(np.mean(known)) if known else None
            apart = None if mean is None or base is None else mean - base
            if label == sight.baseline and len(members) == 1:
                apart = None
            out.append(
                Reading(
                    label,
                    members,
                    mean,
                    float(np.std(known, ddof=1)) if len(known) > 1 else None,
                    apart,
                    self._why(label, view, sight, shown, curves),
                )
            )
        return out

    def _why(
        self, label: str, view: RunView, sight: Sight, shown: Mapping[str, RunView],
        curves: Mapping[str, Curve],
    ) -> str:  # fmt: skip
        if label not in shown:
            return "hidden"
        if curves.get(label, EMPTY).x.size:
            return ""
        if not any(table.rows for table in view.tables.values()):
            return "no step yet" if not view.status.ended_now else "took no step"
        if sight.metric not in columns_of(view):
            return f"has no {clean(sight.metric, 40)}"
        if self._curves.timeline(label, view, sight.axis) is None:
            return "knows no epochs"
        return "nothing in view"


def _line(label: str, number: int, curve: Curve, base: Curve | None, band: bool) -> Line:
    """A run's line; ``number`` is its place among all of them, which never changes."""
    colour, dash = number % len(SERIES), number // len(SERIES)
    if base is not None:
        y = curve.y - at(curve.x, base.x, base.y)
        return Line(label, curve.x, y, colour=colour, tag=str(number + 1), dash=dash,
                    nonfinite=np.zeros(len(y)))  # fmt: skip
    low, high = (curve.low, curve.high) if band else (None, None)
    return Line(label, curve.x, curve.y, low, high, colour, curve.nonfinite, str(number + 1), dash)


def _mean(group: Sequence[str], number: int, mean: Spread, base: Curve | None) -> Line:
    """Several seeds' line, with a band of one standard deviation."""
    less = at(mean.x, base.x, base.y) if base is not None else np.zeros(mean.x.size)
    known = np.isfinite(mean.mean - less)
    y, low, high = ((part - less)[known] for part in (mean.mean, mean.low, mean.high))
    # an average is of what is finite, and says nothing of what is not
    return Line(group[0], mean.x[known], y, low, high, number % len(SERIES), 0,
                f"{number + 1}±", number // len(SERIES))  # fmt: skip


def _empty(found: Comparison, shown: Mapping[str, RunView], sight: Sight) -> str:
    if not found.views:
        return "none of these runs can be read"
    if not shown:
        return "all runs are hidden"
    if not any(table.rows for view in shown.values() for table in view.tables.values()):
        return "comes with the first step"
    return f"none of these runs has {clean(sight.metric, 60)} here"
