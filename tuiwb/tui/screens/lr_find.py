"""The learning-rate range test of a set-up: the curve as it grows, then the rates that it suggests.

Dismissed with the knobs to set and the rule that chose them, or None."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content

from tuiwb.base.errors import UserError
from tuiwb.base.format import number
from tuiwb.base.text import clean, one_line
from tuiwb.client.range_test import RangeTest
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.paint import paint
from tuiwb.plots.rates import range_figure
from tuiwb.search.lr_find import Reading, read, settings
from tuiwb.search.suggestions import smoothed
from tuiwb.spec import Resolved
from tuiwb.tui.palette import AMBER, BLUE_STRONG, DIM, GREEN, PLAIN, RED
from tuiwb.tui.screens.asking import Asking
from tuiwb.tui.widgets.chart import ChartPane
from tuiwb.tui.widgets.lines import wrap
from tuiwb.tui.widgets.rows import Row, RowsView

Choice = tuple[str, Mapping[str, float]]
LOOK_EVERY = 0.15
"""Seconds between two looks at how far the test is."""
STARTING = "starting a worker; the curve grows here"


class RateScreen(Asking[Choice | None]):
    """A chart a network, and the suggestions below; to leave it ends the test."""

    asked: RangeTest
    BINDINGS: ClassVar = [
        Binding("escape,q", "leave", "close"),
        Binding("enter", "take", "take it"),
        Binding("down,j", "move(1)", "down"),
        Binding("up,k", "move(-1)", "up"),
    ]

    def __init__(
        self, resolved: Resolved, glyphs: GlyphSet = "braille", asked: RangeTest | None = None
    ) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.asked = asked or RangeTest(resolved)
        self.resolved = resolved
        self.rows: dict[str, list[tuple[float, float | None, int]]] = {}
        """Turn -> rates, losses and short runs' numbers so far."""
        self.shown: dict[str, int] = {}
        """Turn -> how many of them the chart has."""
        self.over = False
        self.panes: dict[str, ChartPane] = {}
        self.readings: list[Reading] = []
        self.made: dict[str, dict[str, float]] = {}
        self.refusal: UserError | None = None
        self.list = RowsView(id="suggestions", empty=STARTING)
        self.box = Vertical(self.list, classes="window rates")

    def compose(self) -> ComposeResult:
        self.box.border_title = Content(f"learning rate of {one_line(self.resolved.preset)}")
        self.box.border_subtitle = "the rate grows from step to step · escape leaves it"
        yield self.box

    def on_mount(self) -> None:
        self.list.focus()
        self.set_interval(LOOK_EVERY, self._look)

    def heard(self, row: Mapping[str, Any]) -> None:
        """Steps come faster than anybody needs to see them."""
        self.rows.setdefault(str(row["turn"]), []).append((row["lr"], row["loss"], row["run"]))

    async def _look(self) -> None:
        """Show the steps that have come since the last look."""
        taken = {turn: len(rows) for turn, rows in self.rows.items()}
        if taken == self.shown:
            return
        for turn in taken:
            if turn not in self.panes:
                self.panes[turn] = ChartPane(f"rate-{len(self.panes)}")
                await self.box.mount(self.panes[turn], before=self.list)
                self.call_after_refresh(self._paint_all)
            if taken[turn] != self.shown.get(turn):
                self._paint(turn)
        self.shown = taken
        if not self.over:
            turn, step = list(taken.items())[-1]
            lr, _, run = self.rows[turn][step - 1]
            whose = f"{turn}, " if turn else f"short run {run}, " if run else ""
            words = f" {whose}step {step} of {self.asked.steps}, at a rate of {number(lr, 2)}"
            self.list.show_rows([Row([(words, DIM)])])

    def _paint_all(self) -> None:
        for turn in self.panes:
            self._paint(turn)

    def _paint(self, turn: str) -> None:
        """The curve of a turn at the size that its pane has now."""
        pane, size = self.panes[turn], self.panes[turn].content_size
        if not size.width or not size.height:
            return
        rows = list(self.rows[turn])
        whole = [(lr, loss) for lr, loss, run in rows if loss is not None and not run]
        lrs, losses = [lr for lr, _ in whole], [loss for _, loss in whole]
        # as far as a short run has come: in the end its mean over the last steps takes its place
        runs = {run: (lr, loss) for lr, loss, run in rows if loss is not None and run}
        reading = next((r for r in self.readings if r.turn == turn), None)
        if reading is not None:
            runs = dict(enumerate((lr, loss) for lr, loss in reading.ends() if loss is not None))
        marks = {one.name: one.lr for one in reading.found} if reading is not None else {}
        title = f"loss of the {turn}" if turn else "loss"
        figure = range_figure(
            title,
            lrs,
            losses,
            smoothed(lrs, losses),
            marks,
            (self.asked.low, self.asked.high),
            chosen=str(self.list.key or ""),
            runs=list(runs.values()),
        )
        pane.show(paint(figure, size.width, size.height, self.glyphs))

    def answered(self, answer: Mapping[str, Any]) -> None:
        self.over = True
        self.readings = read(answer["curves"], self.resolved.preset)
        self.made = settings(self.resolved, self.readings)
        self._list()
        self.box.border_subtitle = (
            "↑ ↓ · enter puts it into the form · escape leaves it" if self.made else "escape closes"
        )
        self._paint_all()

    def _list(self) -> None:
        """The suggestions as rows; words where there are none."""
        width = max(20, (self.list.content_size.width or 70) - 2)
        rows: list[Row] = []
        words = {one.name: one.words for reading in self.readings for one in reading.found}
        for rule, knobs in self.made.items():
            made = "  ".join(f"{key} = {number(value, 2)}" for key, value in knobs.items())
            line = [(f" {rule:8}", BLUE_STRONG), (f" {made:18}", GREEN), (f"  {words[rule]}", DIM)]
            rows.append(Row(line, rule))
        for reading in self.readings:
            if reading.silent:
                whose = f"{reading.turn}: " if reading.turn else ""
                text = f"nothing is suggested: {whose}{reading.silent}"
                rows += [Row([(f" {part}", AMBER)]) for part in wrap(clean(text), width)]
        if self.refusal is not None:
            for said in str(self.refusal).splitlines():
                rows += [Row([(f" {part}", RED)]) for part in wrap(clean(said, 400), width)]
        self.list.show_rows(rows or [Row([(STARTING, PLAIN)])])
        self.list.styles.height = max(5, min(len(rows), 10))

    def refused(self, error: UserError) -> None:
        self.over, self.refusal = True, error
        self._list()
        self.box.border_subtitle = "escape closes"

    @on(RowsView.Moved)
    def _moved(self) -> None:
        self._paint_all()

    def on_resize(self) -> None:
        self.call_after_refresh(self._paint_all)

    def action_move(self, by: int) -> None:
        self.list.move(by)

    def action_take(self) -> None:
        if isinstance(self.list.key, str) and self.list.key in self.made:
            self.dismiss((self.list.key, self.made[self.list.key]))

    def action_leave(self) -> None:
        self.dismiss(None)
