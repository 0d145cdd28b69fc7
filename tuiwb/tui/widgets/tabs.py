"""A row of names: which panes there are where one is shown at a time, and which this is."""

from __future__ import annotations

from collections.abc import Sequence

from tuiwb.tui import palette
from tuiwb.tui.widgets.lines import Line, LinesView, length


class Tabs(LinesView):
    """Where one pane is shown at a time: which there are, and which this is. Where not all names
    fit, the others are numbers alone: their keys."""

    here = ""
    names: tuple[tuple[str, str], ...] = ()
    pages = (1, 1)
    """Which page this is, of how many."""

    def lines(self, width: int, height: int) -> Sequence[Line]:
        whole = self._line(brief=False)
        return [whole if length(whole) <= width else self._line(brief=True)]

    def _line(self, brief: bool) -> Line:
        line: Line = []
        for number, (name, words) in enumerate(self.names, 1):
            here = name == self.here
            text = f" {number} " if brief and not here else f" {number} {words} "
            line.append((text, palette.TAB if here else palette.DIM))
        page, pages = self.pages
        return [*line, (f" page {page}/{pages}", palette.FAINT)] if pages > 1 else line
