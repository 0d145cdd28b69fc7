"""A window over a run from which a child is about to go: its checkpoint, its knobs, enter."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content

from tuiwb.base.errors import UserError
from tuiwb.client.fork import prepare
from tuiwb.tui.branch import BranchForm
from tuiwb.tui.palette import AMBER, DIM, PLAIN
from tuiwb.tui.screens.setting import SettingScreen
from tuiwb.tui.widgets.lines import Line, LinesView, length


class Place(LinesView):
    """Where the child begins."""

    def __init__(self, form: BranchForm, asked: int | None) -> None:
        super().__init__(id="place")
        self.styles.height = 2
        self.form = form
        self.asked = asked

    def lines(self, width: int, height: int) -> list[Line]:
        step, steps = self.form.prepared.step, self.form.prepared.steps
        if self.asked is None or self.asked == step:
            why = f", the newest of {len(steps)} checkpoints" if step == steps[-1] else ""
        else:
            why = f", the checkpoint {'before' if step < self.asked else 'after'} {self.asked}"
        text: Line = [(f"fork at {step}", AMBER), (why, PLAIN)]
        other: Line = [("< > another", DIM)]
        beside = length(text) + 3 + length(other) <= width
        return [[*text, ("   ", PLAIN), *other]] if beside else [text, other]


class BranchScreen(SettingScreen):
    """Dismissed with what was turned (which may be nothing), or None where it is left."""

    BINDINGS: ClassVar = [
        Binding("less_than_sign", "checkpoint(-1)", "earlier"),
        Binding("greater_than_sign", "checkpoint(1)", "later"),
        Binding("e", "edit", "type"),
    ]

    def __init__(self, form: BranchForm, asked: int | None) -> None:
        super().__init__(f"A child of {form.prepared.parent.id}", form)
        self.branch = form
        self.place = Place(form, asked)

    def compose(self) -> ComposeResult:
        box = Vertical(self.place, self.fields, self.words, classes="window setting")
        box.border_title = Content(self._heading)
        box.border_subtitle = "type or ← → · enter trains it · escape leaves it"
        yield box

    def on_mount(self) -> None:
        if self.branch.typed:
            self.call_after_refresh(self.fields.move_to, next(iter(self.branch.typed)))

    def action_take(self) -> None:
        self._send()

    def action_edit(self) -> None:
        self.fields.begin()

    def _send(self) -> None:
        if self.branch.errors:
            self.fields.move_to(next(iter(self.branch.errors)))
            return
        try:
            self.branch.prepared.changed(self.branch.overrides())
        except UserError as error:
            self.words.said = f"{error.what}; {error.next}"
            self.words.redraw()
        else:
            self.dismiss(dict(self.branch.typed))

    def action_checkpoint(self, by: int) -> None:
        steps = self.branch.prepared.steps
        at = steps.index(self.branch.prepared.step) + by
        if 0 <= at < len(steps):
            self._move(steps[at])

    @work(exclusive=True, group="checkpoint")
    async def _move(self, step: int) -> None:
        try:
            self.branch.move(
                await asyncio.to_thread(prepare, self.branch.prepared.parent.root, step)
            )
        except UserError as error:
            self.words.said = error.what
        self.fields.refill()
        for pane in (self.place, self.words):
            pane.redraw()
