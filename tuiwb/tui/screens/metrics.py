"""A window over the bench: all panes and all metrics, to choose which are shown, in what order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input

from tuiwb.base.errors import UserError
from tuiwb.base.format import number
from tuiwb.base.text import clean
from tuiwb.tui import palette
from tuiwb.tui.metrics import Metric, pattern, split
from tuiwb.tui.panes import PANES, TITLES
from tuiwb.tui.screens.steady import Window
from tuiwb.tui.widgets.lines import Line, in_cells
from tuiwb.tui.widgets.rows import Rows, RowsView

if TYPE_CHECKING:
    from tuiwb.run.view import RunView


class MetricsScreen(Window[tuple[str, ...] | None]):
    """Dismissed with the names of the panes to show, in their order, or None."""

    BINDINGS: ClassVar = [
        Binding("escape,q", "leave", "leave it"),
        Binding("enter", "take", "show these"),
        Binding("space", "toggle", "choose"),
        Binding("slash", "filter", "filter"),
        Binding("J", "shift(1)", "later"),
        Binding("K", "shift(-1)", "earlier"),
        Binding("backspace,u", "usual", "the usual panes"),
        Binding("down,j", "move(1)", "down"),
        Binding("up,k", "move(-1)", "up"),
        Binding("pagedown", "page(1)", "page down"),
        Binding("pageup", "page(-1)", "page up"),
    ]

    def __init__(self, view: RunView, metrics: Sequence[Metric], order: Sequence[str]) -> None:
        super().__init__()
        self._view, self._metrics = view, metrics
        self._known = {metric.key: metric for metric in metrics}
        self.order = list(order)
        self.words = Input(
            id="list-filter", placeholder="/ filters: val_*  /re/  !not", compact=True
        )
        self.list = RowsView(id="metrics", empty="nothing fits")

    def compose(self) -> ComposeResult:
        with Vertical(classes="window") as box:
            yield self.words
            yield self.list
        box.border_title = "charts on the bench"
        box.border_subtitle = "space chooses · J K move · u usual · enter shows · escape leaves"

    def on_mount(self) -> None:
        self.refill()
        self.list.focus()

    def names(self, text: str = "") -> list[str]:
        """The panes that fit a filter: what is shown, in its order, then what else there is."""
        every = dict.fromkeys((*self.order, *PANES, *self._known))
        if not text.strip():
            return list(every)
        fits = pattern(text)
        return [
            name
            for name in every
            if fits(self._known.get(name) or Metric("bench", name, TITLES.get(name, name)))
        ]

    def refill(self) -> None:
        try:
            names = self.names(self.words.value)
        except UserError:
            return  # half an expression: the list stays until it is whole
        self.list.show_rows(Rows(names, lambda place: self._line(names[place])))

    def _line(self, name: str) -> Line:
        on = name in self.order
        table, column = split(name)
        place = f"{self.order.index(name) + 1:3}" if on else "   "
        line: Line = [
            ("[x] " if on else "[ ] ", palette.BLUE_STRONG if on else palette.FAINT),
            (f"{place} ", palette.DIM),
        ]
        if not table:
            return [*line, (TITLES.get(name, name), palette.STRONG if on else palette.PLAIN)]
        value = self._view.table(table).last(column)
        text = number(value, 4) if value is not None and value == value else "-"
        return [
            *line,
            (f"{in_cells(clean(column), 32)} ", palette.STRONG if on else palette.PLAIN),
            (f"{text:>12} ", palette.PLAIN),
            (table, palette.FAINT),
        ]

    @on(Input.Changed, "#list-filter")
    def _filtered(self) -> None:
        self.refill()

    @on(Input.Submitted, "#list-filter")
    def _done(self) -> None:
        self.list.focus()

    def action_filter(self) -> None:
        self.words.focus()

    def action_toggle(self) -> None:  # type: ignore[override]
        name = str(self.list.key)
        if name in self.order:
            self.order.remove(name)
        elif self.list.key is not None:
            self.order.append(name)
        self._again()

    def action_shift(self, by: int) -> None:
        name = str(self.list.key)
        if name in self.order:
            at = self.order.index(name)
            self.order.insert(max(0, at + by), self.order.pop(at))
            self.refill()
        self._again()

    def action_usual(self) -> None:
        self.order = list(PANES)
        self.refill()
        self._again()

    def _again(self) -> None:
        self.list.redraw()

    def action_move(self, by: int) -> None:
        self.list.move(by)

    def action_page(self, by: int) -> None:
        self.list.move(by * self.list.page())

    def on_rows_view_chosen(self) -> None:
        self.action_toggle()

    def action_take(self) -> None:
        self.dismiss(tuple(self.order))

    def action_leave(self) -> None:
        if self.words.has_focus:
            self.words.value = ""
            self.list.focus()
            return
        self.dismiss(None)

    def on_resize(self) -> None:
        self.list.styles.height = max(4, min(len(self.names()), self.size.height * 9 // 10 - 6))
