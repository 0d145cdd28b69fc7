"""Small windows over a screen: a message, and a question with a few answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content

from tuiwb.base.text import clean
from tuiwb.tui import palette
from tuiwb.tui.screens.steady import Window
from tuiwb.tui.widgets.lines import Line, LinesView, wide, wrap
from tuiwb.tui.widgets.rows import Row, RowsView

_WIDTH = 69
"""Cells of a line in the widest window."""
_AROUND = 7
"""Cells of a window beside those of a line."""


class Words(LinesView):
    """Text that keeps its own line breaks."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = clean(text)

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return [
            [(part, palette.PLAIN)]
            for line in self.text.splitlines()
            for part in ([line] if wide(line) <= width else self._wrapped(line, width))
        ]

    def _wrapped(self, line: str, width: int) -> list[str]:
        """A line in several; those of a field of an error stand beneath its words."""
        field = re.match(r" +\w+: +", line)
        head = field.group() if field is not None and field.end() <= width // 3 else ""
        first, *more = wrap(line[len(head) :], width - len(head))
        return [head + first, *(" " * len(head) + part for part in more)]

    def stand(self, width: int, more: int = 0) -> None:
        """As high as the text is in ``width`` cells, and ``more`` blank lines."""
        self.styles.height = len(self.lines(width, 0)) + more


def room(window: Window[Any]) -> int:
    """Cells of a line of a window on the screen as it is."""
    return min(_WIDTH, window.size.width * 96 // 100 - _AROUND)


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
        self._words.stand(_WIDTH + 1)
        yield box

    def on_resize(self) -> None:
        self._words.stand(room(self) + 1)

    def action_leave(self) -> None:
        self.dismiss()


def answer_rows(answers: Sequence[tuple[str, str]], width: int) -> Iterator[Row]:
    """Each answer, in lines where it is longer than one: beneath its words, which stand after two
    blanks where it has a name before them."""
    for value, words in answers:
        name, gap, rest = words.partition("  ")
        blank = len(name) + len(gap) + len(rest) - len(rest.lstrip()) if gap else 0
        first, *more = wrap(words[blank:], width - blank)
        yield Row([(words[:blank] + first, palette.STRONG)], value)
        for part in more:
            yield Row([(" " * blank + part, palette.STRONG)])


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
        self._given = answers
        self._answers = RowsView(id="answers")
        self._answers.rows = list(answer_rows(answers, _WIDTH))
        self._answers.key = answers[0][0]

    def compose(self) -> ComposeResult:
        self._words.stand(_WIDTH + 1, more=1)
        self._answers.styles.height = len(self._answers.rows)
        box = Vertical(self._words, self._answers, classes="window")
        box.border_title = Content(self._heading)
        box.border_subtitle = "enter takes it, escape leaves it"
        yield box

    def on_mount(self) -> None:
        self._answers.focus()

    def on_resize(self) -> None:
        self._words.stand(room(self) + 1, more=1)
        rows = list(answer_rows(self._given, room(self)))
        self._answers.styles.height = len(rows)
        self._answers.show_rows(rows)

    def action_move(self, by: int) -> None:
        self._answers.move(by)

    def action_take(self) -> None:
        self.dismiss(str(self._answers.key))

    def action_leave(self) -> None:
        self.dismiss(None)

    def on_rows_view_chosen(self) -> None:
        self.action_take()
