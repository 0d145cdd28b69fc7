"""A row of names: which panes there are where one is shown at a time, and which this is."""

from __future__ import annotations

from collections.abc import Sequence

from tuiwb.tui import palette
from tuiwb.tui.widgets.lines import Line, LinesView


class Tabs(LinesView):
    """Where one pane is shown at a time: which there are, and which this is."""

    here = ""
    names: tuple[tuple[str, str], ...] = ()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return [
            [
                (f" {number} {words} ", palette.TAB if name == self.here else palette.DIM)
                for number, (name, words) in enumerate(self.names, 1)
            ]
        ]
