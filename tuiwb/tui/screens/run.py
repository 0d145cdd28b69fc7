"""The bench: a run's charts, layers, findings and log, live or not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Grid

from tuiwb.base.errors import UserError
from tuiwb.plots.paint import paint
from tuiwb.run.resuming import can_be_resumed
from tuiwb.tui import findings, follow, header, journal, palette
from tuiwb.tui.actions import Context
from tuiwb.tui.bench import CHARTS, MAPS, SMOOTHING, Bench, Frame, Sight, metric_of
from tuiwb.tui.gallery import PICTURE
from tuiwb.tui.screens.forking import Forking
from tuiwb.tui.screens.page import Page
from tuiwb.tui.screens.resuming import Resuming
from tuiwb.tui.screens.sight import SightActions
from tuiwb.tui.screens.steering import Steering
from tuiwb.tui.widgets.chart import ChartPane
from tuiwb.tui.widgets.findings import FindingsPane
from tuiwb.tui.widgets.lines import Line, LinesView
from tuiwb.tui.widgets.scroll import TextPane

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tuiwb.run.view import RunView

PANES = (*CHARTS, *MAPS, "doctor", "log", PICTURE)
_SHORT = ("loss", "norm", "metric", "rate", "grads", "acts", "doctor", "log", "picture")


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


class Tabs(LinesView):
    """Where one pane is shown at a time: which there are, and which this is."""

    here = "loss"

    def lines(self, width: int, height: int) -> Sequence[Line]:
        line: Line = []
        for number, (name, short) in enumerate(zip(PANES, _SHORT, strict=True), 1):
            look = palette.TAB if name == self.here else palette.DIM
            line.append((f" {number} {short} ", look))
        return [line]


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
        rows += [[(f"{f.name:{wide}} ", palette.DIM), (f.value, palette.PLAIN)] for f in facts]
        rows.append([(f"{'findings':{wide}} ", palette.DIM), (str(found), palette.PLAIN)])
        return rows


class RunScreen(Resuming, Forking, Steering, SightActions, Page):
    """Follows one run directory; leaving it changes nothing about the run."""

    CONTEXT: ClassVar[Context] = "run"

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.sight = Sight()
        self.here = "loss"
        self.alone = False
        self.frame: Frame | None = None
        self.bench: Bench | None = None
        self.pace = follow.pace()
        self.frames = 0
        self._woken = asyncio.Event()
        self.head = Head(id="head")
        self.tabs = Tabs(id="tabs")
        self.numbers = Numbers(id="numbers")
        self.charts = {name: ChartPane(name) for name in (*CHARTS, *MAPS, PICTURE)}
        self.doctor = FindingsPane("doctor", "doctor", self._doctor_lines)
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
        yield self.keybar

    def on_mount(self) -> None:
        app = self.workbench
        self.bench = Bench(self.path, app.clock, app.glyphs, not app.no_color)
        self._arrange()

    def on_screen_resume(self) -> None:
        self.wake()
        self._follow()

    def on_screen_suspend(self) -> None:
        self.workers.cancel_group(self, "follow")

    def on_unmount(self) -> None:
        if self.bench is not None:
            self.bench.close()

    def on_resize(self) -> None:
        self._arrange()

    def panes(self) -> dict[str, tuple[int, int]]:
        """The charts in view with their sizes; hidden ones are not painted at all."""
        if self.tiny:
            return {}
        return {
            name: (pane.content_size.width, pane.content_size.height)
            for name, pane in self.charts.items()
            if pane.display and pane.content_size.width and pane.content_size.height
        }

    def wake(self) -> None:
        """Something about the view changed: paint now rather than at the next tick."""
        self._woken.set()

    @work(exclusive=True, group="follow")
    async def _follow(self) -> None:
        """Beat after beat, each off the event loop; ended runs are waited on by nobody."""
        assert self.bench is not None
        loop = asyncio.get_running_loop()
        while self.is_current:
            self._woken.clear()
            try:
                frame = await asyncio.to_thread(self.bench.beat, self.sight, self.panes())
            except UserError as error:
                self.workbench.cannot_show(error)
                return
            self._apply(frame)
            if frame.view.behind:
                continue
            status, resumable = frame.view.status, can_be_resumed(frame.view)
            rest = self.pace.rest(status.state, status.ended_now, resumable)
            due = loop.time() + (rest or 0)
            try:
                await asyncio.wait_for(self._woken.wait(), rest)
            except TimeoutError:
                self.pace.tick(loop.time() - due)

    def _apply(self, frame: Frame) -> None:
        before = self.frame
        fresh = before is None or frame.view is not before.view
        if self.here == "doctor" and self.sight.finding is None:
            self._hold(frame)
        if not fresh and before is not None and frame.evidence is not before.evidence:
            self.call_after_refresh(self.doctor.redraw)
        self.frame = frame
        self.frames += 1
        for name, canvas in frame.canvases.items():
            self.charts[name].show(canvas)
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
        return journal.log_lines(self.frame.view, width) if self.frame else []

    def _arrange(self) -> None:
        """Which panes are in view at this size, and which has the keys."""
        single = self.alone or not self.wide
        self.set_class(single, "-single")
        self.tabs.here = self.here
        for name in PANES:
            pane = self.query_one(f"#{name}")
            pane.display = not self.tiny and (not single or name == self.here)
            pane.set_class(name == self.here, "-here")
        self.query_one("#bench").display = not self.tiny
        self.tabs.display = single and not self.tiny
        self.numbers.display = self.tiny
        self.head.display = not self.tiny
        self.tabs.redraw()
        self.call_after_refresh(self.wake)

    def go(self, name: str) -> None:
        """Give the keys to a pane; where one is shown at a time, show that one."""
        before, self.here = self.here, name
        if name != "doctor":
            self.sight = replace(self.sight, finding=None)
        elif self.frame is not None:
            self._hold(self.frame)
        self._arrange()
        if "doctor" in (before, name):
            self.doctor.redraw()

    @on(ChartPane.Pointed)
    def _chart_pointed(self, event: ChartPane.Pointed) -> None:
        self.pointed(event)

    @on(TextPane.Pointed)
    def _text_pointed(self, event: TextPane.Pointed) -> None:
        self.go(str(event.pane.id))
        if event.what == "double":
            self.enlarge()

    def action_next_pane(self) -> None:
        self.go(PANES[(PANES.index(self.here) + 1) % len(PANES)])

    def action_previous_pane(self) -> None:
        self.go(PANES[PANES.index(self.here) - 1])

    def action_maximise(self) -> None:
        """Enter: the remedy of the chosen finding where the doctor has the keys."""
        finding = self.finding() if self.here == "doctor" else None
        if finding is not None and findings.change_of(finding)[1]:
            self.action_apply()
        else:
            self.enlarge()

    def enlarge(self) -> None:
        """This pane alone, or all panes again."""
        self.alone = not self.alone
        self._arrange()

    def _hold(self, frame: Frame) -> None:
        """Keep to the finding that is shown: a key must not meet one that has just come."""
        found = findings.chosen(frame.view, None)
        if found is not None:
            self.sight = replace(self.sight, finding=findings.key_of(found))

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

    def action_smoothing(self) -> None:
        self.look(smoothing=(self.sight.smoothing + 1) % len(SMOOTHING))
        share = SMOOTHING[self.sight.smoothing]
        self.say(f"smoothing over {share:.0%} of the view" if share else "no smoothing")

    def action_back(self) -> None:
        if self.sight.cursor is not None:
            self.look(cursor=None)
        elif self.alone:
            self.enlarge()
        else:
            self.action_detach()

    def action_detach(self) -> None:
        """Leave. Where the run is live, say that it goes on, and how to come back."""
        view = self.frame.view if self.frame else None
        live = view is not None and not view.status.ended_now
        words = f"detached from {self.path.name}: training goes on" if live else ""
        self.workbench.left_run(words, f"tuiwb attach {self.path.name}" if live else "")

    def look(self, **changes: object) -> None:
        """Look at the run in another way."""
        self.sight = replace(self.sight, **changes)  # type: ignore[arg-type]
        self.wake()
