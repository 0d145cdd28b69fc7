"""All layers of a run in numbers: sorted, filtered, live; enter opens one of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from tuiwb.base.errors import UserError
from tuiwb.tui import palette, sheet
from tuiwb.tui.actions import Context
from tuiwb.tui.figures import NAME
from tuiwb.tui.ledger import Ledger, Order, Sheet
from tuiwb.tui.scene import Frame
from tuiwb.tui.screens.following import Following
from tuiwb.tui.widgets.lines import Line, LinesView, length, sides
from tuiwb.tui.widgets.rows import RowsView

EMPTY = "the layers come with the first step in which they are looked at"
NONE_LIKE = "no layer is as asked: conv*, /block[0-3]/, !relu; escape shows all again"


class LayersScreen(Following):
    """A list of layers with figures, of which one column is chosen: what to sort by."""

    CONTEXT: ClassVar[Context] = "layers"
    SLOWLY = 1.0

    def __init__(self, path: Path, column: str = NAME) -> None:
        super().__init__(path)
        self.column, self.order = column, Order()
        self.chosen: list[int] = []
        self.plan = sheet.Plan(10, 0, 0, (), 0)
        self._planned: tuple[object, ...] = ()
        self.head = Head(id="layers-head")
        self.words = Input(
            id="layer-filter", placeholder="conv*  /block[0-3]/  !relu", compact=True
        )
        self.list = RowsView(id="layer-list", empty=EMPTY)
        self.foot = Foot(id="layers-foot")

    def compose(self) -> ComposeResult:
        self.words.cursor_blink = False
        yield self.head
        yield self.words
        yield self.list
        yield self.foot
        yield self.keybar

    def on_mount(self) -> None:
        app = self.workbench
        self.bench = Ledger(self.path, app.clock, app.glyphs, app.look.colour)
        self.relook()
        self.words.display = False
        self.list.focus()

    def on_resize(self) -> None:
        self.foot.display = self.size.height >= 12
        self.call_after_refresh(self.replan)

    @property
    def sheet(self) -> Sheet:
        """What is known of the layers."""
        return self.bench.sheet if isinstance(self.bench, Ledger) else Sheet()

    def panes(self) -> dict[str, tuple[int, int]]:
        """The columns in view: the curves of the others are not taken."""
        return {column.name: (self.plan.curve, 1) for column in self.plan.columns}

    def applied(self, frame: Frame) -> None:
        self.frame = frame
        known = self.sheet.columns, len(self.sheet.layers)
        if known != self._planned:
            self._planned = known
            self.replan()
        else:
            self.show()

    def replan(self) -> None:
        """Another width, or another column: others may come into view."""
        before = self.panes()
        self.plan = sheet.plan(self.sheet, self.column, self.list.content_size.width)
        self.show()
        if self.panes() != before:
            self.wake()

    def show(self) -> None:
        """The list as it is asked for."""
        try:
            chosen = self.sheet.order(self.order, self.words.value)
        except UserError as error:  # an expression that is still being typed
            self.say(str(error).splitlines()[0], palette.AMBER)
            return
        if chosen != self.chosen:
            self.chosen = chosen
        self.list.empty = NONE_LIKE if self.sheet.layers else EMPTY
        self.list.show_rows(sheet.rows(self.sheet, self.plan, self.chosen))
        for view in (self.head, self.foot, self.keybar):
            view.redraw()

    def action_left(self) -> None:
        self._choose(-1)

    def action_right(self) -> None:
        self._choose(1)

    def _choose(self, by: int) -> None:
        names = [column.name for column in self.sheet.columns]
        at = names.index(self.column) if self.column in names else 0
        self.column = names[max(0, min(len(names) - 1, at + by))]
        self.replan()

    def action_sort(self) -> None:
        self.order = self.order.pressed(self.column)
        self.show()

    def action_filter(self) -> None:
        self.words.display = True
        self.words.focus()

    @on(Input.Changed)
    def _filtered(self) -> None:
        self.show()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.words.display = bool(self.words.value)
        self.list.focus()

    @on(RowsView.Moved)
    def _moved(self) -> None:
        self.foot.redraw()

    @on(RowsView.Chosen)
    def _chosen(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        from tuiwb.tui.screens.layer import LayerScreen

        if self.words.has_focus:
            self._submitted()
        elif isinstance(self.list.key, int):
            self.app.push_screen(LayerScreen(self.path, self.list.key))

    def action_down(self) -> None:
        self.list.move(1)

    def action_up(self) -> None:
        self.list.move(-1)

    def action_page_down(self) -> None:
        self.list.move(self.list.page())

    def action_page_up(self) -> None:
        self.list.move(-self.list.page())

    def action_first(self) -> None:
        self.list.move(-len(self.chosen))

    def action_last(self) -> None:
        self.list.move(len(self.chosen))

    def action_back(self) -> None:
        if self.words.display:
            self.words.value = ""
            self.words.display = False
            self.list.focus()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        self.app.pop_screen()


class Head(LinesView):
    """Which run, how many layers of how many, and the headings."""

    def lines(self, width: int, height: int) -> Sequence[Line]:
        page = self.screen
        assert isinstance(page, LayersScreen)
        known, shown = len(page.sheet.layers), len(page.chosen)
        title: Line = [(f" {page.path.name} ", palette.STRONG), (" layers ", palette.DIM)]
        title.append((str(known) if shown == known else f"{shown} of {known}", palette.PLAIN))
        if page.sheet.found:
            title.append((f"  ▲ {len(page.sheet.found)} with findings", palette.AMBER))
        right: Line = []
        if page.frame is not None:
            status = page.frame.view.status
            look = palette.state(status.state)
            right = [(f"{look.glyph} {status.words} ", look.style)]
        if length(title) + length(right) >= width:
            right = []
        # the list beneath has a frame, which the headings do not
        return [sides(title, right, width), sheet.heading(page.sheet, page.plan, page.column,
                                                          page.order)]  # fmt: skip


class Foot(LinesView):
    """The layer under the cursor in words."""

    def lines(self, width: int, height: int) -> Sequence[Line]:
        page = self.screen
        assert isinstance(page, LayersScreen)
        key = page.list.key
        at = key if isinstance(key, int) else -1
        return sheet.about(page.sheet, at, page.column, width, height)
