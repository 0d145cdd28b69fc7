"""A sweep: its trials live, the best so far, and how the knobs and the metric hang together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tuiwb.base.errors import UserError
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.tui import palette, sweeping
from tuiwb.tui.actions import Context
from tuiwb.tui.screens.beating import Beating
from tuiwb.tui.sweeping import PANES, Frame, Watched
from tuiwb.tui.widgets.chart import ChartPane
from tuiwb.tui.widgets.lines import Line, LinesView
from tuiwb.tui.widgets.rows import RowsView

EMPTY = "the first trial begins as soon as torch is loaded"


class Head(LinesView):
    """Which sweep, how far it is, what is best and what it cost."""

    frame: Frame | None = None

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return sweeping.head(self.frame.view, width) if self.frame is not None else []


class SweepScreen(Beating):
    """Watches a sweep; whoever conducts it goes on when the screen is left."""

    CONTEXT: ClassVar[Context] = "sweep"

    def __init__(self, path: Path, glyphs: GlyphSet) -> None:
        super().__init__()
        self.watched = Watched(path, glyphs)
        self.frame: Frame | None = None
        self.by_value = False
        self.here = "best"
        self.head = Head(id="sweep-head")
        self.trials = RowsView(id="trials", empty=EMPTY)
        self.charts = {name: ChartPane(name) for name in PANES}

    def compose(self) -> ComposeResult:
        yield self.head
        with Horizontal(id="sweep"):
            with Vertical(id="sweep-left"):
                yield self.trials
                yield self.charts["importance"]
            with Vertical(id="sweep-charts"):
                yield from (self.charts[name] for name in PANES[:-1])
        yield self.keybar

    def on_mount(self) -> None:
        self.trials.border_title = "trials"
        self.relook()
        self._arrange()
        self.trials.focus()

    def on_resize(self) -> None:
        self._arrange()

    def relook(self) -> None:
        self.watched.glyphs, self.watched.colour = self.workbench.glyphs, self.workbench.look.colour
        super().relook()

    def panes(self) -> dict[str, tuple[int, int]]:
        """The charts in view with their sizes."""
        sizes = {name: pane.content_size for name, pane in self.charts.items() if self._sees(name)}
        return {name: (s.width, s.height) for name, s in sizes.items() if s.width and s.height}

    def _sees(self, name: str) -> bool:
        """Whether a pane is in view; where all are, a map takes the slices' place."""
        if self.tiny:
            return False
        if not self.wide:
            return name == self.here
        return name != ("slice" if self.here == "contour" else "contour")

    async def beat(self) -> float | None:
        frame = await asyncio.to_thread(self.watched.beat, self.panes())
        self._apply(frame)
        if not self.app.is_headless and self.watched.due():
            self._weigh()
        return self.pace.rest("training", frame.view.state != "running", resumable=True)

    @work(group="importance", thread=True)
    def _weigh(self) -> None:
        self.watched.weigh()
        self.app.call_from_thread(self.wake)

    def _apply(self, frame: Frame) -> None:
        fresh = frame is not self.frame
        self.frame = self.head.frame = frame
        for name, canvas in frame.canvases.items():
            self.charts[name].show(canvas)
        if fresh:
            self._fill()

    def _fill(self) -> None:
        if self.frame is None:
            return
        running = self.frame.view.state == "running"
        over = self.frame.view.state == "finished"
        self.keybar.labels = {"resume": "" if running or over else "go on"}
        self.keybar.labels |= {} if running else {"stop": "", "leave": "back"}
        self.trials.border_subtitle = "best first" if self.by_value else "newest first"
        width = self.trials.content_size.width or 50
        self.trials.show_rows(sweeping.rows(self.frame, width - 1, self.by_value))
        self.head.redraw()
        self.keybar.redraw()

    def _arrange(self) -> None:
        self.set_class(not self.wide, "-single")
        for name, pane in self.charts.items():
            pane.display = self._sees(name)
            pane.set_class(name == self.here, "-here")
        self.query_one("#sweep-charts").display = (
            self.wide or self.here != "importance"
        ) and not self.tiny
        self.call_after_refresh(self._arranged)

    def _arranged(self) -> None:
        self._fill()
        self.wake()

    def go(self, name: str) -> None:
        """Show a pane."""
        self.here = name
        self._arrange()

    @on(ChartPane.Pointed)
    def _pointed(self, event: ChartPane.Pointed) -> None:
        if event.what in ("cursor", "double"):
            self.go(str(event.pane.id))

    @on(RowsView.Chosen)
    def _chosen(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        number = self.trials.key
        if not isinstance(number, int):
            self.say("no trial has begun yet", palette.DIM)
            return
        path = self.watched.reader.paths.run(number)
        if path.is_dir():
            self.workbench.show_run(path)
        else:
            self.say(f"trial {number} has no run: it was deleted, or never made", palette.DIM)

    def action_keep(self) -> None:
        from tuiwb.search.best import write_best

        if self.frame is None:
            return
        try:
            path = write_best(self.frame.view)
        except UserError as error:
            self.workbench.complain(error)
        else:
            self.say(f"kept as the preset {path.stem}: {path}", palette.GREEN)

    def action_order(self) -> None:
        self.by_value = not self.by_value
        self._fill()

    def action_down(self) -> None:
        self.trials.move(1)

    def action_up(self) -> None:
        self.trials.move(-1)

    def action_page_down(self) -> None:
        self.trials.move(self.trials.page())

    def action_page_up(self) -> None:
        self.trials.move(-self.trials.page())

    def action_first(self) -> None:
        self.trials.move(-(10**6))

    def action_last(self) -> None:
        self.trials.move(10**6)

    def action_next_pane(self) -> None:
        self.go(PANES[(PANES.index(self.here) + 1) % len(PANES)])

    def action_previous_pane(self) -> None:
        self.go(PANES[PANES.index(self.here) - 1])

    def action_pane_1(self) -> None:
        self.go("best")

    def action_pane_2(self) -> None:
        self.go("parallel")

    def action_pane_3(self) -> None:
        self.go("slice")

    def action_pane_4(self) -> None:
        self.go("contour")

    def action_pane_5(self) -> None:
        self.go("importance")

    def action_resume(self) -> None:
        """Go on with it in a process of its own."""
        from tuiwb.search.conduct import detach

        if self.frame is None or self.frame.view.state in ("running", "finished"):
            self.say("it is running" if self.frame and self.frame.view.state == "running"
                     else "every trial is decided", palette.DIM)  # fmt: skip
            return
        try:
            detach(self.watched.reader.paths)
        except UserError as error:
            self.workbench.complain(error)
        else:
            self.say("a controller is started: the sweep goes on")

    def action_stop(self) -> None:
        from tuiwb.tui.screens.ask import Ask

        if self.frame is None or self.frame.view.state != "running":
            self.say("nobody conducts this sweep", palette.DIM)
            return
        ask = Ask(
            f"Stop {self.watched.reader.paths.name}?",
            "Its trials stop with a checkpoint, and no other begins; r goes on with it.",
            [("stop", "stop the sweep"), ("", "go on")],
        )
        self.app.push_screen(ask, self._stop)

    def _stop(self, answer: str | None) -> None:
        from tuiwb.search.conduct import ask_to_stop

        if answer:
            try:
                ask_to_stop(self.watched.reader.paths)
            except UserError as error:
                self.workbench.complain(error)
            else:
                self.say("its trials stop, and no other begins", palette.AMBER)

    def action_leave(self) -> None:
        """Back; the sweep goes on."""
        self.workbench.left_sweep()
