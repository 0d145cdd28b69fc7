"""The bench: a run's charts, layers, findings and log, live or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Grid
from textual.widget import Widget

from tuiwb.base.text import clean
from tuiwb.plots.names import short_name
from tuiwb.plots.paint import paint
from tuiwb.tui import findings, header, journal, palette
from tuiwb.tui.actions import Context
from tuiwb.tui.bench import Bench, metric_of
from tuiwb.tui.gallery import PICTURE
from tuiwb.tui.panes import CHARTS, MAPS, PANES, SHORT
from tuiwb.tui.scene import Frame, Scene
from tuiwb.tui.screens.choosing import PER_PAGE
from tuiwb.tui.screens.exporting import Exporting
from tuiwb.tui.screens.forking import Forking
from tuiwb.tui.screens.inside import Inside
from tuiwb.tui.screens.marking import ComparingKin
from tuiwb.tui.screens.reopening import Reopening
from tuiwb.tui.screens.resuming import Resuming
from tuiwb.tui.screens.steering import STEERED, Steering
from tuiwb.tui.widgets.chart import ChartPane
from tuiwb.tui.widgets.findings import FindingsPane
from tuiwb.tui.widgets.lines import Line, LinesView
from tuiwb.tui.widgets.picture import PicturePane
from tuiwb.tui.widgets.scroll import TextPane
from tuiwb.tui.widgets.tabs import Tabs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tuiwb.run.view import RunView
    from tuiwb.tui.graphics.easel import Placed


class Head(LinesView):
    """The run in one line, or two where they are short, and how far it is."""

    view: RunView | None = None

    def lines(self, width: int, height: int) -> Sequence[Line]:
        if self.view is None:
            return [[(" opening the run", palette.DIM)]]
        page = self.screen
        metric, now = metric_of(self.view), page.app.clock.now()  # type: ignore[attr-defined]
        rows = max(1, height - 1)
        text = header.lines(self.view, metric, now, width, rows)
        return [*text, header.progress(self.view, width)]


class Numbers(LinesView):
    """A run as numbers alone, for a terminal that has no room for charts."""

    view: RunView | None = None

    def lines(self, width: int, height: int) -> Sequence[Line]:
        if self.view is None:
            return [[("opening the run", palette.DIM)]]
        now = self.app.clock.now()  # type: ignore[attr-defined]
        facts = header.facts(self.view, metric_of(self.view), now)
        rows: list[Line] = [[(self.view.id, palette.STRONG)]]
        look = palette.state(self.view.status.state)
        rows.append([(f"{look.glyph} {self.view.status.words}", look.style)])
        found = len(self.view.findings)
        wide = max([8, *(len(f.name) for f in facts)])
        rows += [
            [(f"{fact.name:{wide}} ", palette.DIM), (fact.value, palette.PLAIN)]
            for fact in facts
            if fact.name != "found"
        ]
        rows.append([(f"{'findings':{wide}} ", palette.DIM), (str(found), palette.PLAIN)])
        return rows


def _tab(name: str) -> str:
    """A pane's name in a row of tabs."""
    return SHORT.get(name) or short_name(clean(name.partition(".")[2], 80), 14)


def name_of(pane: Widget) -> str:
    """What a pane of the bench shows."""
    return pane.what if isinstance(pane, ChartPane) else str(pane.id)


class RunScreen(Inside, Resuming, Forking, ComparingKin, Steering, Exporting, Reopening):
    """Follows one run directory; leaving it changes nothing about the run."""

    CONTEXT: ClassVar[Context] = "run"
    PANES = PANES
    UNKNOWN: ClassVar[dict[str, str]] = dict.fromkeys((*STEERED, "stop", "resume", "fork"), "")
    """Labels while the run is being opened: what depends on its state is not offered yet."""
    bench: Scene | None

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.head = Head(id="head")
        self.tabs = Tabs(id="tabs")
        self.numbers = Numbers(id="numbers")
        self.picture = PicturePane(PICTURE)
        self.charts = {name: ChartPane(name) for name in (*CHARTS, *MAPS)}
        self.charts[PICTURE] = self.picture
        self.doctor = FindingsPane("doctor", "doctor", self._doctor_lines)
        self._log = journal.Log()
        self.keybar.labels = self.UNKNOWN
        self.log_pane = TextPane("log", "log", self._log_lines, tail=True)

    def compose(self) -> ComposeResult:
        yield self.head
        yield self.tabs
        yield self.numbers
        with Grid(id="bench"):
            yield from (pane for name, pane in self.charts.items() if name != PICTURE)
            yield self.doctor
            yield self.log_pane
            yield self.charts[PICTURE]
        yield from self.filter_line()
        yield self.keybar

    def on_mount(self) -> None:
        app = self.workbench
        self.bench = Bench(self.path, app.clock, app.glyphs, app.look.colour)
        self.order = app.config.settings.panes
        self.here = self.order[0]
        self.relook()
        self.arrange_panes()

    def applied(self, frame: Frame) -> None:
        before = self.frame
        fresh = before is None or frame.view is not before.view
        if self.here == "doctor" and self.sight.finding is None:
            self._hold(frame)
        if not fresh and before is not None and frame.evidence is not before.evidence:
            self.call_after_refresh(self.doctor.redraw)
        self.frame = frame
        self.learn_metrics(frame.view)
        self.recall(frame.view)
        for name, canvas in frame.canvases.items():
            if name in self.charts:  # a filter may have put another in its place meanwhile
                self.charts[name].show(canvas)
        self.picture.hang(frame.images)
        if frame.pictures:
            self.workbench.ask_for_images()
        if before is None:
            self.look_for_children()
        if fresh:
            self.head.view = self.numbers.view = frame.view
            self.keybar.labels = self.labels(frame.view)
            for pane in (self.head, self.numbers, self.doctor, self.log_pane, self.keybar):
                pane.redraw()

    def _doctor_lines(self, width: int) -> tuple[list[Line], int, int]:
        if self.frame is None:
            return [], 0, 0
        return findings.doctor_lines(
            self.frame.view,
            width,
            self.sight.finding,
            self.frame.evidence,
            lambda figure, wide, high: paint(figure, wide, high, self.workbench.glyphs),
            focused=self.here == "doctor",
        )

    def _log_lines(self, width: int) -> list[Line]:
        return self._log.lines(self.frame.view, width) if self.frame else []

    def arrange_panes(self) -> None:
        """Which panes are in view at this size, and which has the keys."""
        single = self.alone or not self.wide or self.here not in self.shown
        self.set_class(single, "-single")
        self.tabs.names = tuple((name, _tab(name)) for name in self.page)
        self.tabs.here, self.tabs.pages = self.here, self.pages
        self._lay_out((self.here,) if single else self.page)
        self.tabs.display = single and not self.tiny
        self.numbers.display = self.tiny
        self.head.display = not self.tiny
        self.tabs.redraw()
        self.call_after_refresh(self.wake)

    def _lay_out(self, names: tuple[str, ...]) -> None:
        """Just these panes, in this order, in a grid that suits their number."""
        grid = self.query_one("#bench", Grid)
        grid.display = not self.tiny
        for number in range(1, PER_PAGE + 1):
            grid.set_class(number == len(names), f"-of-{number}")
        if made := self.lay_charts(names):
            grid.mount_all(made)
        place = {name: at for at, name in enumerate(names)}
        panes = {**self.charts, "doctor": self.doctor, "log": self.log_pane}
        for name, pane in panes.items():
            pane.display = not self.tiny and name in place
            pane.set_class(name == self.here, "-here")
        stand = [name_of(pane) for pane in grid.children if name_of(pane) in place]
        if stand != list(names):
            grid.sort_children(key=lambda pane: place.get(name_of(pane), len(place)))

    def go(self, name: str) -> None:
        """Give the keys to a pane; where one is shown at a time, show that one."""
        before, self.here = self.here, name
        if name != "doctor":
            self.sight = replace(self.sight, finding=None)
        elif self.frame is not None:
            self._hold(self.frame)
        self.arrange_panes()
        if "doctor" in (before, name):
            self.doctor.redraw()

    @on(TextPane.Pointed)
    def _text_pointed(self, event: TextPane.Pointed) -> None:
        self.go(str(event.pane.id))
        if event.what == "double":
            self.enlarge()

    def action_maximise(self) -> None:
        """Enter: the remedy of the chosen finding where the doctor has the keys."""
        finding = self.finding() if self.here == "doctor" else None
        if finding is not None and findings.change_of(finding)[1]:
            self.action_apply()
        else:
            self.enlarge()

    def _hold(self, frame: Frame) -> None:
        """Keep to the finding that is shown: a key must not meet one that has just come."""
        found = findings.chosen(frame.view, None)
        if found is not None:
            self.sight = replace(self.sight, finding=findings.key_of(found))

    def placed(self) -> Sequence[Placed]:
        """The images that should stand on the terminal while this screen is in front."""
        return self.picture.placed()

    def finding(self) -> Mapping[str, Any] | None:
        """The finding that is chosen."""
        return findings.chosen(self.frame.view, self.sight.finding) if self.frame else None

    def _scroll(self, by: int) -> None:
        here = self.finding()
        if self.here == "doctor" and self.frame is not None and here is not None:
            if self.doctor.scrolls(by):
                return
            found = [findings.key_of(one) for one in findings.newest_first(self.frame.view)]
            at = found.index(findings.key_of(here)) + by
            if 0 <= at < len(found):
                self.look(finding=found[at])
                self.doctor.show_chosen()
                return
        (self.log_pane if self.here == "log" else self.doctor).move(by)

    def action_down(self) -> None:
        self._scroll(1)

    def action_up(self) -> None:
        self._scroll(-1)

    def depart(self) -> None:
        self.action_detach()

    def action_detach(self) -> None:
        """Leave. Where the run is live, say that it goes on, and how to come back."""
        view = self.frame.view if self.frame else None
        live = view is not None and not view.status.ended_now
        words = f"detached from {self.path.name}: training goes on" if live else ""
        if view is not None and view.status.state == "queued":
            words = f"{self.path.name} waits on: {view.status.words}"
        self.workbench.left_run(words, f"tuiwb attach {self.path.name}" if live else "")
