"""The pre-flight of a set-up: seven checks, each shown when it comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content

from tuiwb.base.errors import UserError
from tuiwb.base.format import number
from tuiwb.base.text import clean, one_line
from tuiwb.client.preflight import Preflight
from tuiwb.spec import Resolved
from tuiwb.tui.palette import AMBER, DIM, GREEN, PLAIN, RED, STRONG
from tuiwb.tui.screens.asking import Asking
from tuiwb.tui.widgets.lines import wrap
from tuiwb.tui.widgets.rows import Row, RowsView

MARKS = {
    "passed": ("✓", GREEN),
    "failed": ("✗", RED),
    "does not apply": ("-", DIM),
    "running": ("…", AMBER),
}


def check_rows(rows: Mapping[str, Mapping[str, Any]], width: int) -> list[Row]:
    """Each check as lines; of a failure also the numbers, the causes and the remedy."""
    lines: list[Row] = []
    for name, row in rows.items():
        state = str(row["state"])
        mark, style = MARKS.get(state, ("?", PLAIN))
        title = STRONG if state == "failed" else PLAIN
        lines.append(Row([(f" {mark} ", style), (clean(str(row["title"]), 200), title)], name))
        words = str(row.get("words", ""))
        lines += _indented(words, width, DIM if state != "failed" else PLAIN)
        if state == "failed":
            for key, value in row["numbers"].items():
                limit = row["limits"].get(key)
                if limit:
                    text = f"{key.replace('_', ' ')} {number(value)}, allowed {limit}"
                    lines += _indented(text, width, DIM)
            for cause in row["causes"]:
                lines += _indented(f"perhaps {cause}", width, DIM)
            if row["remedy"]:
                lines += _indented(row["remedy"], width, GREEN)
    return lines


def _indented(text: str, width: int, style: Any) -> list[Row]:
    parts = wrap(clean(text, 600), max(20, width - 6)) if text else []
    return [Row([(f"   {part}", style)]) for part in parts]


class PreflightScreen(Asking[None]):
    """A list that grows; to leave it ends the checks."""

    BINDINGS: ClassVar = [
        Binding("escape,q,enter", "leave", "close"),
        Binding("down,j", "move(1)", "down"),
        Binding("up,k", "move(-1)", "up"),
        Binding("pagedown,space", "page(1)", "page down"),
        Binding("pageup", "page(-1)", "page up"),
    ]

    def __init__(self, resolved: Resolved, asked: Preflight | None = None) -> None:
        super().__init__()
        self.asked = asked or Preflight(resolved)
        self.results: dict[str, Mapping[str, Any]] = {}
        self.refusal: UserError | None = None
        self.list = RowsView(id="help")
        self.name_of = resolved.preset

    def compose(self) -> ComposeResult:
        self.list.border_title = Content(f"pre-flight of {one_line(self.name_of)}")
        self.list.border_subtitle = "starting a worker; escape leaves it"
        yield self.list

    def on_mount(self) -> None:
        self.list.focus()

    def heard(self, row: Mapping[str, Any]) -> None:
        self.in_app(self._take, row)

    def _take(self, row: Mapping[str, Any]) -> None:
        self.results.pop("", None)
        self.results[str(row["check"])] = row
        self._show()

    def _show(self) -> None:
        rows = check_rows(self.results, self.list.content_size.width or 76)
        if self.refusal is not None:
            words = str(self.refusal).splitlines()
            rows += [Row([]), *(Row([(f" {clean(line, 400)}", RED)]) for line in words)]
        self.list.show_rows(rows)

    def answered(self, facts: Mapping[str, Any]) -> None:
        self.list.border_subtitle = (
            f"{facts['passed']} passed, {facts['failed']} failed, in {facts['seconds']:.0f} s; "
            "escape closes"
        )

    def refused(self, error: UserError) -> None:
        self.refusal = error
        self._show()
        self.list.border_subtitle = "escape closes"

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def action_move(self, by: int) -> None:
        self.list.move(by)

    def action_page(self, by: int) -> None:
        self.list.move(by * self.list.page())

    def action_leave(self) -> None:
        self.dismiss()
