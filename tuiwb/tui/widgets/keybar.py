"""The bottom line: the keys that matter here, as many as fit."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style

from tuiwb.tui import actions, palette
from tuiwb.tui.widgets.lines import Line, LinesView, length

_ROOMY = 100
"""Columns from which a label says in brackets what else there is to know."""


class KeyBar(LinesView):
    """Keys of a context in the order of their rank, or a passing notice in their place."""

    def __init__(self, context: actions.Context) -> None:
        super().__init__(classes="keybar")
        self._where = context
        self._notice: Line = []
        self.labels: dict[str, str] = {}
        """Labels that differ just now, by action; an empty one leaves the key out."""

    def notice(self, text: str, style: Style = palette.BLUE) -> None:
        """Say something until `clear`; an empty text brings the keys back."""
        self._notice = [(" ", palette.PLAIN), (text, style)] if text else []
        self.redraw()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        if self._notice:
            return [self._notice]
        own = getattr(self.app, "actions", actions.ACTIONS)
        known = (*actions.of(self._where, own), *actions.of("anywhere", own))
        shown = [a for a in known if a.show and a.keys and self.labels.get(a.name, a.label)]
        if not shown:
            return []
        brief = width < _ROOMY
        help_at_end = self._item(shown[-1], brief)
        line: Line = [(" ", palette.PLAIN)]
        for action in sorted(shown[:-1], key=lambda a: a.show):
            item = self._item(action, brief)
            if length(line) + length(item) + length(help_at_end) > width:
                break
            line += item
        return [line + help_at_end]

    def _item(self, action: actions.Action, brief: bool) -> Line:
        label = self.labels.get(action.name, action.label)
        label = label.partition(" (")[0] if brief else label
        return [
            (actions.key_name(action.keys[0]), palette.BLUE_STRONG),
            (f" {label}   ", palette.DIM),
        ]
