"""Runs beside each other: their curves in one chart, and below it what tells them apart."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult

from tuiwb.tui import exported, palette
from tuiwb.tui.actions import Context
from tuiwb.tui.axis import AXES, steps_per_epoch
from tuiwb.tui.comparing import table
from tuiwb.tui.comparing.overlay import Frame, Overlay, Sight
from tuiwb.tui.scene import SMOOTHING
from tuiwb.tui.screens.beating import Beating
from tuiwb.tui.screens.exporting import Offer, take_away
from tuiwb.tui.screens.recalling import LAYOUTS, Recalling
from tuiwb.tui.screens.sight import SightActions
from tuiwb.tui.widgets.chart import ChartPane
from tuiwb.tui.widgets.lines import Line, LinesView
from tuiwb.tui.widgets.rows import RowsView

CHART = "compare-chart"
_EACH = 0.05
"""Seconds that each live run adds to the time between two frames, from the sixth on."""


class Head(LinesView):
    """What is compared, and how; then the heads of the table's columns."""

    def __init__(self, screen: CompareScreen, id: str) -> None:
        super().__init__(id=id)
        self._of = screen

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return [table.head(self._of.frame, self._of.sight, width)]


class Heads(Head):
    """The heads of the table's columns."""

    def lines(self, width: int, height: int) -> Sequence[Line]:
        of = self._of
        if of.frame is None:
            return []
        return table.heads(of.frame, of.sight, width, of.skipped)[-height:]


class CompareScreen(Recalling, SightActions, Beating):
    """Follows several runs; leaving it changes nothing about any of them."""

    CONTEXT: ClassVar[Context] = "compare"
    SCALED: ClassVar[tuple[str, ...]] = (CHART,)
    PANES: ClassVar[tuple[str, ...]] = (CHART,)
    here = CHART

    def __init__(self, paths: Sequence[Path], baseline: str | None = None) -> None:
        super().__init__()
        self.paths = paths
        self.pinned = baseline
        self.sight: Sight = Sight(baseline=baseline)
        self.frame: Frame | None = None  # type: ignore[assignment]
        self.bench: Overlay | None = None
        self.skipped = 0
        """Columns of the table that are out of sight to the left."""
        self.layout_of = "both"
        self.head = Head(self, id="compare-head")
        self.chart = ChartPane(CHART)
        self.heads = Heads(self, id="compare-heads")
        self.rows = RowsView(id="compared", empty="opening the runs")

    def compose(self) -> ComposeResult:
        yield self.head
        yield self.chart
        yield self.heads
        yield self.rows
        yield self.keybar

    def on_mount(self) -> None:
        app = self.workbench
        self.bench = Overlay(self.paths, app.clock, app.glyphs)
        self.relook()
        self.arrange_panes()
        self.rows.focus()

    def on_unmount(self) -> None:
        if self.bench is not None:
            self.bench.close()

    def on_resize(self) -> None:
        self.arrange_panes()

    def relook(self) -> None:
        if self.bench is not None:
            self.bench.glyphs = self.workbench.glyphs
        super().relook()

    def look(self, **changes: Any) -> None:
        """Look at the runs in another way."""
        self.sight = replace(self.sight, **changes)
        self.wake()

    def panes(self) -> dict[str, tuple[int, int]]:
        """The chart with its size, where it is in view."""
        size = self.chart.content_size
        shown = self.chart.display and size.width and size.height
        return {CHART: (size.width, size.height)} if shown else {}

    async def beat(self) -> float | None:
        assert self.bench is not None
        frame = await asyncio.to_thread(self.bench.beat, self.sight, self.panes().get(CHART))
        self._apply(frame)
        rest = self.pace.rest("training", not frame.live, resumable=True)
        return 0.0 if frame.behind else max(rest or 0.0, _EACH * frame.live)

    def _apply(self, frame: Frame) -> None:
        before, self.frame = self.frame, frame
        if frame.canvas is not None:
            self.chart.show(frame.canvas)
        if before is None or len(before.readings) != len(frame.readings):
            self.arrange_panes()
        self.recall(frame)
        if before is not frame:
            self._fill()

    def _fill(self) -> None:
        if self.frame is None:
            return
        width = (self.rows.content_size.width or self.size.width) - 1
        columns = len(table.columns(self.frame.found, self.frame.readings))
        self.skipped = max(0, min(self.skipped, columns - 1))
        ascii_only = self.workbench.glyphs == "ascii"
        self.rows.empty = "none of these runs can be read"
        self.rows.show_rows(
            table.rows(self.frame, self.sight, width, self.skipped, ascii=ascii_only)
        )
        self.head.redraw()
        self.heads.redraw()

    def arrange_panes(self) -> None:
        """Chart, table or both; the table takes what its rows need, up to half of the screen."""
        both = self.layout_of == "both" and not self.tiny
        lines = 4
        if self.frame is not None:
            lines = len(self.frame.readings) + len(self.frame.left_out)
        self.chart.display = both or (self.layout_of == "chart" and not self.tiny)
        alone = not self.chart.display
        self.rows.display = self.heads.display = both or alone
        room = self.size.height - 4
        self.rows.styles.height = "1fr" if alone else max(3, min(lines, room // 2 - 1))
        self.heads.styles.height = 1 if self.size.height < 20 else 2
        self.call_after_refresh(self._arranged)

    def _arranged(self) -> None:
        self._fill()
        self.wake()

    @on(RowsView.Moved, "#compared")
    def _moved(self, event: RowsView.Moved) -> None:
        if isinstance(event.key, str):
            self.look(chosen=event.key)

    @on(RowsView.Chosen, "#compared")
    def _opened(self) -> None:
        self.action_open()

    @on(ChartPane.Pointed)
    def _chart_pointed(self, event: ChartPane.Pointed) -> None:
        self.pointed(event)

    def go(self, name: str) -> None:
        """There is one chart, and it has the keys."""

    def action_open(self) -> None:
        """The bench of the run under the cursor; leaving it leads back here."""
        view = self.frame.found.views.get(str(self.rows.key)) if self.frame else None
        if view is not None:
            self.workbench.show_run(view.path)

    def action_metric(self) -> None:
        from tuiwb.tui.screens.picking import Pick

        if self.frame is None or not self.frame.columns:
            self.say("nothing has been measured yet", palette.DIM)
            return
        pick = Pick("Compare by", self.frame.columns, self.sight.metric)
        self.app.push_screen(pick, self._take_metric)

    def _take_metric(self, name: str | None) -> None:
        if name is not None:
            self.look(metric=name)

    def action_axis(self) -> None:
        """Steps, time in training, epochs; these where a run knows how many steps one has."""
        if self.frame is None:
            return
        views = self.frame.found.views.values()
        epochs = any(steps_per_epoch(view) is not None for view in views)
        known = [name for name in AXES if name != "epoch" or epochs]
        axis = known[(known.index(self.sight.axis) + 1) % len(known)]
        self.look(axis=axis, span=None, end=None, cursor=None)
        words = {"step": "steps", "time": "time in training, pauses between left out"}
        self.say(f"aligned by {words.get(axis, 'epochs')}")

    def _closest(self) -> float:
        least = {"step": 8.0, "time": 0.5}.get(self.sight.axis, 0.1)
        return min(least, self.frame.extent[1]) if self.frame is not None else least

    def action_smoothing(self) -> None:
        self.look(smoothing=(self.sight.smoothing + 1) % len(SMOOTHING))
        share = SMOOTHING[self.sight.smoothing]
        self.say(f"smoothing over {share:.0%} of the view" if share else "no smoothing")

    def action_log(self) -> None:
        if self.sight.difference:
            self.say("a difference has no logarithmic scale", palette.DIM)
        else:
            super().action_log()

    def action_hide(self) -> None:
        """Hide the run under the cursor, or show it; hidden ones are read less often."""
        if isinstance(self.rows.key, str):
            self.look(hidden=self.sight.hidden ^ {self.rows.key})

    def action_baseline(self) -> None:
        """Pin the run under the cursor as baseline, or let go of it."""
        label = self.rows.key
        if not isinstance(label, str):
            return
        if self.sight.baseline == label:
            self.look(baseline=None, difference=False)
            self.say("no baseline")
        else:
            self.look(baseline=label)
            self.say(f"{label} is the baseline; {self.key('difference')} draws the difference")

    def action_difference(self) -> None:
        """Draw the difference to the baseline, or the values."""
        if self.sight.baseline is None:
            self.say(f"{self.key('baseline')} pins a baseline first", palette.DIM)
        else:
            self.look(difference=not self.sight.difference)

    def action_seeds(self) -> None:
        """Runs that differ in their seed alone as their mean and spread, or each."""
        from tuiwb.client.seeds import seeds

        if self.frame is None:
            return
        shown = [label for label in self.frame.found.views if label not in self.sight.hidden]
        if not self.sight.seeds and not seeds(self.frame.found, shown):
            self.say("no two of these runs differ in their seed alone", palette.DIM)
            return
        self.look(seeds=not self.sight.seeds)
        on = self.sight.seeds
        self.say("mean and standard deviation over the seeds" if on else "each run for itself")

    def action_columns_left(self) -> None:
        self.skipped = max(0, self.skipped - 1)
        self._fill()

    def action_columns_right(self) -> None:
        width = (self.rows.content_size.width or self.size.width) - 1
        if self.frame is None:
            return
        known = len(table.columns(self.frame.found, self.frame.readings))
        if self.skipped + table.fitting(self.frame, self.sight, width, self.skipped) < known:
            self.skipped += 1
            self._fill()

    def action_layout(self) -> None:
        """Chart and table, the chart alone, the table alone."""
        self.layout_of = LAYOUTS[(LAYOUTS.index(self.layout_of) + 1) % len(LAYOUTS)]
        self.arrange_panes()

    def action_maximise(self) -> None:
        self.layout_of = "both" if self.layout_of == "chart" else "chart"
        self.arrange_panes()

    @work(exclusive=True, group="export")
    async def action_export(self) -> None:
        """The chart into a file; the points of every run that is drawn, or their rows."""
        frame, sight = self.frame, self.sight
        figure = self.bench.figure() if self.bench is not None else None
        if frame is None or self.bench is None or figure is None:
            self.say("no chart has been drawn yet", palette.DIM)
            return
        runs = await asyncio.to_thread(self.bench.behind_it, frame, sight)
        rows = sum(v.table(name).rows for v, columns, _ in runs.values() for name, _ in columns)
        labels = list(frame.found.views)
        named = labels if len(labels) < 3 else [labels[0], f"and-{len(labels) - 1}-more"]
        offer = Offer(
            "-".join(named),
            sight.metric,
            replace(figure, legend=True),  # the table that names the lines stays behind
            self.chart.canvas,
            rows,
            lambda: exported.rows_of_runs(runs),
        )
        await take_away(self, offer)

    def action_down(self) -> None:
        self.rows.move(1)

    def action_up(self) -> None:
        self.rows.move(-1)

    def action_page_down(self) -> None:
        self.rows.move(self.rows.page())

    def action_page_up(self) -> None:
        self.rows.move(-self.rows.page())

    def action_first(self) -> None:
        self.rows.move(-(10**6))

    def action_last(self) -> None:
        self.rows.move(10**6)

    def action_back(self) -> None:
        if self.sight.cursor is not None:
            self.look(cursor=None)
        else:
            self.action_leave()

    def action_leave(self) -> None:
        self.workbench.left_comparison()
