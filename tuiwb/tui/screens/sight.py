"""Keys and mouse that move through a run: cursor, zoom, pan, scales. Mixed into the bench."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from rich.style import Style

from tuiwb.tui.axis import AXES, axis_of, latest, steps_per_epoch
from tuiwb.tui.gallery import PICTURE
from tuiwb.tui.panes import CHARTS, MAPS
from tuiwb.tui.scene import Frame, Sight
from tuiwb.tui.widgets.chart import ChartPane

_CLOSEST = 8.0
"""Units of x below which zooming in stops."""


class Drawing(Protocol):
    """Who draws the charts that are moved through: of one run, or of several."""

    def x_at(self, name: str, width: int, height: int, column: int) -> float | None:
        """The x under a column of a pane."""


class SightActions:
    """What `RunScreen` does to its `Sight`. The mixin holds no state of its own."""

    sight: Sight
    frame: Frame | None
    bench: Drawing | None
    SCALED: ClassVar[tuple[str, ...]] = (*CHARTS, *MAPS)
    """The panes that have a logarithmic scale to choose."""
    here: str

    if TYPE_CHECKING:

        @property
        def page(self) -> tuple[str, ...]: ...

        def look(self, **changes: object) -> None: ...
        def go(self, name: str) -> None: ...
        def key(self, name: str) -> str: ...
        def say(self, text: str, style: Style = ..., seconds: float = ...) -> None: ...
        def panes(self) -> dict[str, tuple[int, int]]: ...
        def action_maximise(self) -> None: ...

    def action_cursor(self) -> None:
        if self.frame is None:
            return
        on = self.sight.cursor is None
        low, high = self.frame.x_range
        newest = min(high, self.frame.extent[1])
        self.look(cursor=max(low, newest) if on else None)
        if on:
            self.say(f"cursor: left and right move it, {self.key('cursor')} ends it")

    def _column(self) -> float:
        """The x that one column of the chart in hand is wide."""
        assert self.frame is not None
        low, high = self.frame.x_range
        widths = [width for name, (width, _) in self.panes().items() if name == self.here]
        widths = widths or [width for width, _ in self.panes().values()] or [60]
        step = (high - low) / max(8, widths[0] - 8)
        return max(1.0, round(step)) if self.sight.axis == "step" else step

    def _closest(self) -> float:
        """The x range below which zooming in stops: some steps, or seconds."""
        assert self.frame is not None
        on = axis_of(self.frame.view, self.sight.axis)
        return min(_CLOSEST / on.unit, self.frame.extent[1])

    def _sideways(self, direction: int) -> None:
        if self.frame is None:
            return
        if self.sight.cursor is None:
            self._pan(direction * 0.1)
            return
        low, high = self.frame.x_range
        at = self.sight.cursor + direction * self._column()
        at = max(self.frame.extent[0], min(at, self.frame.extent[1]))
        changes: dict[str, object] = {"cursor": at}
        if self.sight.span is not None and not low <= at <= high:
            changes["end"] = at + (self.sight.span / 2)
        self.look(**changes)

    def action_left(self) -> None:
        self._sideways(-1)

    def action_right(self) -> None:
        self._sideways(1)

    def _zoom(self, factor: float, around: float | None = None) -> None:
        if self.frame is None:
            return
        low, high = self.frame.x_range
        whole = self.frame.extent[1]
        if around is None:
            around = self.sight.cursor
        if around is None:
            around = min(high, whole)
        span = (high - low) * factor
        if span >= whole:
            self.look(span=None, end=None)
            return
        span = max(span, self._closest())
        end = around + (high - around) * factor
        following = self.sight.end is None and around >= whole
        self.look(span=span, end=None if following else max(span, min(end, whole)))

    def action_zoom_in(self) -> None:
        self._zoom(0.5)

    def action_zoom_out(self) -> None:
        self._zoom(2.0)

    def _pan(self, share: float) -> None:
        if self.frame is None or self.sight.span is None:
            return
        span, whole = self.sight.span, self.frame.extent[1]
        end = self.frame.x_range[1] + share * span
        self.look(end=max(span, min(end, max(span, whole))))

    def action_pan_left(self) -> None:
        self._pan(-0.5)

    def action_pan_right(self) -> None:
        self._pan(0.5)

    def action_fit(self) -> None:
        self.look(span=None, end=None)

    def action_tail(self) -> None:
        if self.frame is None:
            return
        span = self.sight.span or max(self._closest(), self.frame.extent[1] / 4)
        self.look(span=span, end=None)

    def scaled(self) -> tuple[str, ...]:
        """The panes whose scale can be logarithmic."""
        return self.SCALED

    def action_log(self) -> None:
        if self.here in self.scaled():
            self.look(log=self.sight.log ^ {self.here})

    def action_log_all(self) -> None:
        every = frozenset(self.scaled())
        self.look(log=frozenset() if self.sight.log == every else every)

    def action_axis(self) -> None:
        """Steps, seconds, epochs; these where somebody knows how many steps one has."""
        if self.frame is None:
            return
        epochs = steps_per_epoch(self.frame.view) is not None
        known = AXES if epochs else tuple(name for name in AXES if name != "epoch")
        now = known.index(self.sight.axis) if self.sight.axis in known else 0
        axis = known[(now + 1) % len(known)]
        self.look(axis=axis, span=None, end=None, cursor=None)
        words = {"step": "steps", "time": "seconds", "epoch": "epochs"}[axis]
        more = "" if epochs else "; no epoch's length is known"
        if axis == "time" and axis_of(self.frame.view, axis).rests is not None:
            words, more = "seconds in training", f", pauses between left out{more}"
        if axis == "time" and latest(self.frame.view)[1]:
            more = "; its clock was set back: only steps show all of it"
        self.say(f"{words} along the x axis{more}")

    def action_picture(self) -> None:
        if self.here != PICTURE:
            self.go(PICTURE)
        elif self.frame is not None and len(names := self.frame.pictures) > 1:
            now = names.index(self.sight.picture) if self.sight.picture in names else 0
            self.look(picture=names[(now + 1) % len(names)])

    def action_discretise(self) -> None:
        self.look(discretise=not self.sight.discretise)
        on = self.sight.discretise
        self.say("boundaries show the answer alone" if on else "boundaries show how sure")

    def pointed(self, event: ChartPane.Pointed) -> None:
        """What the mouse did on a chart."""
        name, pane = event.pane.what, event.pane
        if self.bench is None or self.frame is None:
            return
        if name == PICTURE:
            if event.what in ("cursor", "double"):
                self.action_maximise() if event.what == "double" else self.action_picture()
            return
        size = pane.content_size
        at = self.bench.x_at(name, size.width, size.height, event.column)
        if event.what == "zoom":
            self._zoom(0.8 if event.amount > 0 else 1.25, at)
        elif event.what == "drag" and self.sight.span is not None:
            self._pan(event.amount / max(8, size.width - 8))
        elif event.what == "double":
            self.go(name)
            self.action_maximise()
        elif event.what == "cursor":
            if self.here != name:
                self.go(name)
            elif at is not None:
                self.look(cursor=max(self.frame.extent[0], min(at, self.frame.extent[1])))


def _number(index: int) -> None:
    def action(self: SightActions) -> None:
        if index < len(self.page):
            self.go(self.page[index])

    setattr(SightActions, f"action_pane_{index + 1}", action)


for _index in range(9):
    _number(_index)
