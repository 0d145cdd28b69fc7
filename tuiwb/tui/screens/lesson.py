"""A lesson: its runs train one after the other, their curves in one chart, its checks beside."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tuiwb.base.errors import UserError
from tuiwb.tui import course, palette
from tuiwb.tui.actions import Context
from tuiwb.tui.course import Frame, Study
from tuiwb.tui.screens.beating import Beating
from tuiwb.tui.widgets.chart import ChartPane
from tuiwb.tui.widgets.lines import Line, LinesView
from tuiwb.tui.widgets.rows import RowsView
from tuiwb.tui.widgets.scroll import TextPane
from tuiwb.tui.widgets.tabs import Tabs

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXTS = ("checks", "story")


class Head(LinesView):
    """Which lesson, how many of its runs are over, and whether its checks are met."""

    study: Study | None = None

    def lines(self, width: int, height: int) -> Sequence[Line]:
        if self.study is None:
            return []
        return [course.head(self.study, self.study.course.progress, width)]


class LessonScreen(Beating):
    """Watches a study that the app holds: leaving the screen, the runs go on and the next begin."""

    CONTEXT: ClassVar[Context] = "lesson"

    def __init__(self, study: Study) -> None:
        super().__init__()
        self.study = study
        self.frame: Frame | None = None
        self.head = Head(id="lesson-head")
        self.head.study = study
        self.tabs = Tabs(id="tabs")
        self.runs_list = RowsView(id="lesson-runs")
        self.charts = {name: ChartPane(name) for name in study.charts}
        self.checks = TextPane("checks", "checks", self._checks_lines, tail=False)
        self.story = TextPane("story-pane", "story", self._story_lines, tail=False)
        self.here = next(iter(self.charts), "checks")
        short = {name: column.removeprefix("layers.") for name, column in study.charts.items()}
        self.tabs.names = (*((name, name) for name in TEXTS), *short.items())

    def compose(self) -> ComposeResult:
        yield self.head
        with Horizontal(id="lesson"):
            with Vertical(id="lesson-left"):
                yield self.runs_list
                yield self.tabs
                yield self.checks
                yield self.story
            with Vertical(id="lesson-charts"):
                yield from self.charts.values()
        yield self.keybar

    def on_mount(self) -> None:
        self.runs_list.border_title = "runs"
        self.relook()
        self._arrange()
        self.runs_list.focus()

    def on_resize(self) -> None:
        self._arrange()

    def panes(self) -> dict[str, tuple[int, int]]:
        """The charts in view with their sizes."""
        return {
            name: (pane.content_size.width, pane.content_size.height)
            for name, pane in self.charts.items()
            if not self.tiny
            and pane.display
            and pane.content_size.width
            and pane.content_size.height
        }

    async def beat(self) -> float | None:
        try:
            frame = await asyncio.to_thread(self.study.beat, self.panes())
        except UserError as error:  # a run's folder was taken away
            if self.is_active:
                self.workbench.cannot_show(error)
            return None
        self._apply(frame)
        return self.pace.rest("training", frame.progress.over)

    def _apply(self, frame: Frame) -> None:
        fresh = self.frame is None or frame.progress is not self.frame.progress
        self.frame = frame
        for name, canvas in frame.canvases.items():
            self.charts[name].show(canvas)
        if fresh:
            self.keybar.labels = {"stop": ""} if frame.progress.over else {}
            self._fill()

    def _fill(self) -> None:
        width = self.runs_list.content_size.width or 50
        progress = self.study.course.progress
        self.runs_list.show_rows(course.runs(self.study, progress, width - 1))
        for pane in (self.head, self.checks, self.story, self.keybar):
            pane.redraw()

    def _checks_lines(self, width: int) -> list[Line]:
        return course.checks(self.study.course.progress, width)

    def _story_lines(self, width: int) -> list[Line]:
        return course.story(self.study.course.lesson, width)

    def _arrange(self) -> None:
        """Which panes are in view at this size, and which has the keys."""
        single, tiny = not self.wide, self.tiny
        if tiny and self.here in self.charts:
            self.here = "checks"
        self.set_class(single, "-single")
        text = self.here in TEXTS
        self.set_class(text, "-text")
        for name, pane in (("checks", self.checks), ("story", self.story), *self.charts.items()):
            pane.display = not single or name == self.here
            pane.set_class(name == self.here, "-here")
        self.query_one("#lesson-charts").display = not single or not text
        self.tabs.here, self.tabs.display = self.here, single
        runs = len(self.study.course.lesson.labels)
        self.runs_list.styles.height = min(runs, 3 if tiny else 6 if single else 12) + 2
        self.tabs.redraw()
        self.call_after_refresh(self._arranged)

    def _arranged(self) -> None:
        self._fill()
        self.wake()

    def go(self, name: str) -> None:
        """Show a pane; where all are in view, give it the keys."""
        if name in TEXTS or not self.tiny:
            self.here = name
            self._arrange()

    @on(ChartPane.Pointed)
    def _chart_pointed(self, event: ChartPane.Pointed) -> None:
        if event.what in ("cursor", "double"):
            self.go(str(event.pane.id))

    @on(TextPane.Pointed)
    def _text_pointed(self, event: TextPane.Pointed) -> None:
        self.go("checks" if event.pane is self.checks else "story")

    @on(RowsView.Chosen)
    def _chosen(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        view = self.study.course.progress.views.get(str(self.runs_list.key))
        if view is None:
            self.say("this run has not begun yet", palette.DIM)
        else:
            self.workbench.show_run(view.path)

    def action_down(self) -> None:
        self.runs_list.move(1)

    def action_up(self) -> None:
        self.runs_list.move(-1)

    def _scroll(self, by: int) -> None:
        pane = self.story if self.here == "story" else self.checks
        pane.move(by * max(1, pane.content_size.height - 2))

    def action_page_down(self) -> None:
        self._scroll(1)

    def action_page_up(self) -> None:
        self._scroll(-1)

    def _shown(self) -> list[str]:
        return [name for name, _ in self.tabs.names if name in TEXTS or not self.tiny]

    def action_next_pane(self) -> None:
        names = self._shown()
        self.go(names[(names.index(self.here) + 1) % len(names)])

    def action_previous_pane(self) -> None:
        names = self._shown()
        self.go(names[names.index(self.here) - 1])

    def _pane(self, number: int) -> None:
        if number <= len(self.tabs.names):
            self.go(self.tabs.names[number - 1][0])

    def action_pane_1(self) -> None:
        self._pane(1)

    def action_pane_2(self) -> None:
        self._pane(2)

    def action_pane_3(self) -> None:
        self._pane(3)

    def action_pane_4(self) -> None:
        self._pane(4)

    def action_pane_5(self) -> None:
        self._pane(5)

    def action_stop(self) -> None:
        from tuiwb.tui.screens.ask import Ask

        if self.study.course.progress.over:
            self.say("this lesson is over", palette.DIM)
            return
        ask = Ask(
            f"Stop {self.study.course.name}?",
            "Its live runs end after this step, and no other is started.",
            [("stop", "stop the lesson"), ("", "go on")],
        )
        self.app.push_screen(ask, self._stop)

    def _stop(self, answer: str | None) -> None:
        if answer:
            self._stop_all()

    @work(group="commands")
    async def _stop_all(self) -> None:
        from tuiwb.client.commands import send

        self.study.course.leave_out()
        for view in self.study.course.progress.views.values():
            if not view.status.ended_now:
                try:
                    await asyncio.to_thread(send, view.path, "stop", None, "bench")
                except UserError:
                    continue  # it ended meanwhile
        self.say("no other run is started; the live ones end after this step", palette.AMBER)
        self.wake()

    def action_leave(self) -> None:
        """Back; what trains goes on, and the runs that wait begin in their turn."""
        self.workbench.left_lesson(self.study)
