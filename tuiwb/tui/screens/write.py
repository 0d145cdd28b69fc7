"""A small window to write one line in."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from tuiwb.tui.screens.steady import Window


class Write(Window[str | None]):
    """Dismissed with the line, or None where nothing was written."""

    BINDINGS: ClassVar = [Binding("escape", "leave", "leave it")]

    def __init__(self, title: str, hint: str, longest: int, value: str = "") -> None:
        super().__init__()
        self._heading = title
        self.field = Input(
            value, placeholder=hint, max_length=longest, id="write", select_on_focus=False
        )

    def compose(self) -> ComposeResult:
        box = Vertical(self.field, classes="window")
        box.border_title = Content(self._heading)
        box.border_subtitle = "enter keeps it · escape leaves it"
        yield box

    def on_mount(self) -> None:
        self.field.focus()

    @on(Input.Submitted)
    def _take(self) -> None:
        self.dismiss(self.field.value.strip() or None)

    def action_leave(self) -> None:
        self.dismiss(None)
