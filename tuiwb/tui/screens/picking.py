"""A window to pick one of many names in: what is typed narrows them down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from tuiwb.base.errors import UserError
from tuiwb.base.text import one_line
from tuiwb.tui import palette
from tuiwb.tui.metrics import asking
from tuiwb.tui.screens.steady import Window
from tuiwb.tui.widgets.lines import Line
from tuiwb.tui.widgets.rows import Rows, RowsView

_TALLEST = 14


class Pick(Window[str | None]):
    """Dismissed with a name, or None where it is left."""

    BINDINGS: ClassVar = [
        Binding("escape", "leave", "leave it"),
        Binding("down", "move(1)", "down", priority=True),
        Binding("up", "move(-1)", "up", priority=True),
        Binding("pagedown", "page(1)", "page down", priority=True),
        Binding("pageup", "page(-1)", "page up", priority=True),
    ]

    def __init__(self, title: str, names: Sequence[str], here: str) -> None:
        super().__init__()
        self._heading, self.names = title, names
        self.field = Input(placeholder="type: val_*  /loss|acc/  !grad", id="write")
        self.field.cursor_blink = False
        self.list = RowsView(id="answers", empty="none is called so")
        self.list.key = here

    def compose(self) -> ComposeResult:
        box = Vertical(self.field, self.list, classes="window")
        box.border_title = Content(self._heading)
        box.border_subtitle = "enter takes it · escape leaves it"
        yield box

    def on_mount(self) -> None:
        self.on_resize()
        self._show(self.names)
        self.field.focus()

    def on_resize(self) -> None:
        room = min(_TALLEST, self.app.size.height - 6)
        self.list.styles.height = max(2, min(room, len(self.names)))

    def _show(self, names: Sequence[str]) -> None:
        def line(place: int) -> Line:
            return [(one_line(names[place], 200), palette.STRONG)]

        self.list.show_rows(Rows(names, line))

    @on(Input.Changed)
    def _typed(self) -> None:
        try:
            fits = asking(self.field.value)
        except UserError:
            return  # an expression that is still being typed: what was found so far stays
        self._show([name for name in self.names if fits((name,))])

    @on(Input.Submitted)
    @on(RowsView.Chosen)
    def _take(self) -> None:
        if isinstance(self.list.key, str):
            self.dismiss(self.list.key)

    def action_move(self, by: int) -> None:
        self.list.move(by)

    def action_page(self, by: int) -> None:
        self.list.move(by * self.list.page())

    def action_leave(self) -> None:
        self.dismiss(None)
