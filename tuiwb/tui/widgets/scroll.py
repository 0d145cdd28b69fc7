"""A pane of text with a title, which follows its end or stays at its beginning."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.message import Message

from tuiwb.tui import palette
from tuiwb.tui.widgets.lines import Line, LinesView, sides


class TextPane(LinesView):
    """Lines made for a width by ``source``; `move` scrolls, and the title says how much is out."""

    class Pointed(Message):
        """The pane was clicked."""

        def __init__(self, pane: TextPane, what: str = "cursor") -> None:
            self.pane, self.what = pane, what
            super().__init__()

    def __init__(
        self, name: str, title: str, source: Callable[[int], list[Line]], tail: bool
    ) -> None:
        super().__init__(id=name, classes="pane")
        self.heading, self._source, self._tail = title, source, tail
        self._offset = 0

    def lines(self, width: int, height: int) -> Sequence[Line]:
        text = self._source(width)
        room = max(1, height - 1)
        hidden = max(0, len(text) - room)
        self._offset = max(0, min(self._offset, hidden))
        top = hidden - self._offset if self._tail else self._offset
        above, below = top, max(0, len(text) - room - top)
        more = "  ".join(
            f"{arrow} {number}" for arrow, number in (("↑", above), ("↓", below)) if number
        )
        title: Line = [(self.heading, palette.TITLE)]
        return [sides(title, [(more + " ", palette.FAINT)], width), *text[top : top + room]]

    def move(self, by: int) -> None:
        """Scroll by some lines; down is positive."""
        self._offset += -by if self._tail else by
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Pointed(self, "double" if event.chain == 2 else "cursor"))

    def on_mouse_scroll_down(self) -> None:
        self.move(3)

    def on_mouse_scroll_up(self) -> None:
        self.move(-3)
