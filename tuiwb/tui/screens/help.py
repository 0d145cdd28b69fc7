"""All keys, those of the screen that asked first; made from the action registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding

from tuiwb.tui import actions, palette
from tuiwb.tui.screens.steady import Window
from tuiwb.tui.widgets.rows import Row, RowsView


def help_rows(
    context: actions.Context, among: Sequence[actions.Action] = actions.ACTIONS
) -> list[Row]:
    """The help text as rows: the context first, then anywhere, then the others."""
    order = [context, "anywhere", *(c for c in actions.CONTEXTS if c not in (context, "anywhere"))]
    rows: list[Row] = []
    for part in order:
        if rows:
            rows.append(Row([]))
        rows.append(Row([(actions.CONTEXTS[part], palette.DIM)]))
        rows += [
            Row(
                [
                    (f" {actions.keys_of(action):12}", palette.BLUE_STRONG),
                    (f" {action.help}", palette.PLAIN),
                ],
                action.id,
            )
            for action in actions.of(part, among)
        ]
    return rows


class HelpScreen(Window[None]):
    """A list to scroll through."""

    BINDINGS: ClassVar = [
        Binding("escape,q,question_mark,enter,f1", "leave", "close"),
        Binding("down,j", "move(1)", "down"),
        Binding("up,k", "move(-1)", "up"),
        Binding("pagedown,space", "page(1)", "page down"),
        Binding("pageup", "page(-1)", "page up"),
    ]

    def __init__(self, context: actions.Context, among: Sequence[actions.Action]) -> None:
        super().__init__()
        self.list = RowsView(id="help")
        self.list.rows = help_rows(context, among)
        self.list.key = self.list.stops()[0]

    def compose(self) -> ComposeResult:
        self.list.border_title = "keys"
        self.list.border_subtitle = "escape closes"
        yield self.list

    def on_mount(self) -> None:
        self.list.focus()

    def action_move(self, by: int) -> None:
        self.list.move(by)

    def action_page(self, by: int) -> None:
        self.list.move(by * self.list.page())

    def action_leave(self) -> None:
        self.dismiss()
