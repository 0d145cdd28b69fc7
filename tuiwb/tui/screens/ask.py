"""Small windows over a screen: a message, and a question with a few answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content

from tuiwb.base.text import clean
from tuiwb.tui import palette
from tuiwb.tui.screens.steady import Window
from tuiwb.tui.widgets.lines import Line, LinesView, wrap
from tuiwb.tui.widgets.rows import Row, RowsView


class Words(LinesView):
    """Text that keeps its own line breaks."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = clean(text)

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return [
            [(part, palette.PLAIN)]
            for line in self.text.splitlines()
            for part in (wrap(line, width) if len(line) > width else [line])
        ]


class Message(Window[None]):
    """Says something; any key of leaving leaves."""

    BINDINGS: ClassVar = [Binding("escape,enter,q,space", "leave", "close")]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._heading, self._words = title, Words(text)

    def compose(self) -> ComposeResult:
        box = Vertical(self._words, classes="window")
        box.border_title = Content(self._heading)
        box.border_subtitle = "enter closes"
        rows = sum(1 + len(line) // 70 for line in self._words.text.splitlines())
        self._words.styles.height = rows
        yield box

    def action_leave(self) -> None:
        self.dismiss()


class Ask(Window[str | None]):
    """A question; answers are (value, words). Dismissed with the value, or None."""

    BINDINGS: ClassVar = [
        Binding("escape,q", "leave", "leave it"),
        Binding("enter", "take", "take"),
        Binding("down,j", "move(1)", "down"),
        Binding("up,k", "move(-1)", "up"),
    ]

    def __init__(self, title: str, text: str, answers: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._heading, self._words = title, Words(text)
        self._answers = RowsView(id="answers")
        self._answers.rows = [Row([(words, palette.STRONG)], value) for value, words in answers]
        self._answers.key = answers[0][0]

    def compose(self) -> ComposeResult:
        self._words.styles.height = len(self._words.text.splitlines()) + 1
        self._answers.styles.height = len(self._answers.rows)
        box = Vertical(self._words, self._answers, classes="window")
        box.border_title = Content(self._heading)
        box.border_subtitle = "enter takes it, escape leaves it"
        yield box

    def on_mount(self) -> None:
        self._answers.focus()

    def action_move(self, by: int) -> None:
        self._answers.move(by)

    def action_take(self) -> None:
        self.dismiss(str(self._answers.key))

    def action_leave(self) -> None:
        self.dismiss(None)

    def on_rows_view_chosen(self) -> None:
        self.action_take()
