"""The doctor's pane: findings to choose from, the chosen one shown whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tuiwb.tui.widgets.lines import Line
from tuiwb.tui.widgets.scroll import TextPane

Source = Callable[[int], tuple[list[Line], int, int]]
"""For a width: all lines, and the first and past the last of those that were chosen."""


class FindingsPane(TextPane):
    """A pane of text that keeps the chosen lines in view."""

    def __init__(self, name: str, title: str, source: Source) -> None:
        super().__init__(name, title, self._text, tail=False)
        self._found = source
        self._chosen = (0, 0)
        self._follow = False
        self._room = 1

    def _text(self, width: int) -> list[Line]:
        lines, top, bottom = self._found(width)
        self._chosen = top, bottom
        if self._follow:
            self._follow = False
            self._offset = max(0, top)
        return lines

    def lines(self, width: int, height: int) -> Sequence[Line]:
        self._room = max(1, height - 1)
        return super().lines(width, height)

    def scrolls(self, by: int) -> bool:
        """Whether the chosen lines go on in that direction, out of view: then it scrolls there."""
        top, bottom = self._chosen
        room = self._room
        more = bottom > self._offset + room if by > 0 else top < self._offset
        if more:
            self.move(by)
        return more

    def show_chosen(self) -> None:
        """Another finding was chosen: from its first line on."""
        self._follow = True
        self.redraw()
