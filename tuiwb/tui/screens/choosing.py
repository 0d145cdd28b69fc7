"""Which panes stand on the bench: a person's own, those that a filter finds, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal
from textual.widgets import Input

from tuiwb.base.errors import UserError
from tuiwb.base.format import count
from tuiwb.tui import palette
from tuiwb.tui.metrics import Metric, catalogue, matching, split
from tuiwb.tui.panes import PANES
from tuiwb.tui.screens.looking import Looking
from tuiwb.tui.widgets.chart import ChartPane
from tuiwb.tui.widgets.lines import Line, LinesView

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tuiwb.run.view import RunView

PER_PAGE = 9
"""Panes side by side, at most: as many as there are keys for them."""
HINT = "val_*  /re/  !not   enter keeps it, escape ends it"


class Found(LinesView):
    """How many metrics a filter finds, or what is wrong with it."""

    text = ""
    wrong = False

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return [[(f"  {self.text}", palette.RED if self.wrong else palette.DIM)]]

    def tell(self, text: str, wrong: bool = False) -> None:
        self.text, self.wrong = text, wrong
        self.redraw()


class Choosing(Looking):
    """The panes of the bench by name, of which one page is in view."""

    AUTO_FOCUS = ""  # type: ignore[assignment]

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self.order: tuple[str, ...] = PANES
        """The panes in the order that a person wants."""
        self.found: tuple[str, ...] = ()
        """What a filter has found; it stands in place of the others."""
        self.metrics: tuple[Metric, ...] = ()
        self._columns: tuple[tuple[str, int], ...] = ()
        self._pool: list[ChartPane] = []
        self._before = PANES[0]
        self.words = Input(id="metric-filter", placeholder=HINT, compact=True)
        self.told = Found(id="found")

    def filter_line(self) -> ComposeResult:
        """The line in which a filter is typed; hidden where there is none."""
        with Horizontal(id="filter-line"):
            yield self.words
            yield self.told

    @property
    def shown(self) -> tuple[str, ...]:
        """All panes that keys go through, on all pages."""
        return self.found or self.order

    @property
    def stops(self) -> tuple[str, ...]:
        return self.shown

    @property
    def page(self) -> tuple[str, ...]:
        """The panes of the page that has the keys."""
        at = self.shown.index(self.here) if self.here in self.shown else 0
        first = at - at % PER_PAGE
        return self.shown[first : first + PER_PAGE]

    @property
    def pages(self) -> tuple[int, int]:
        """Which page this is, of how many."""
        at = self.shown.index(self.here) if self.here in self.shown else 0
        return at // PER_PAGE + 1, -(-len(self.shown) // PER_PAGE)

    def lay_charts(self, names: Sequence[str]) -> list[ChartPane]:
        """Give a chart to each metric of ``names``; those that have to be mounted."""
        wanted = [name for name in names if split(name)[0] and name not in self.charts]
        free = [pane for pane in self._pool if pane.what not in names]
        made = []
        for name in wanted:
            if free:
                pane = free.pop(0)
                del self.charts[pane.what]
                pane.take(name)
            else:
                pane = ChartPane(name, f"chart-{len(self._pool) + 1}")
                self._pool.append(pane)
                made.append(pane)
            self.charts[name] = pane
        return made

    def learn_metrics(self, view: RunView) -> None:
        """Take note of what a run's tables hold, where that has changed."""
        columns = tuple((name, len(table.columns)) for name, table in view.tables.items())
        if columns != self._columns:
            self._columns, self.metrics = columns, catalogue(view)
            if self.words.value:
                self.sift(self.words.value)

    def sift(self, text: str) -> None:
        """Show the metrics that a filter asks for; all panes again where it asks for nothing."""
        try:
            found = matching(self.metrics, text) if text.strip() else []
        except UserError as error:
            self.told.tell(error.what, wrong=True)
            return
        if text.strip():
            all_of = f"{count(len(found))} of {count(len(self.metrics))} metrics"
            self.told.tell(all_of if found else f"none of {count(len(self.metrics))} metrics",
                           wrong=not found)  # fmt: skip
        else:
            self.told.tell(f"{count(len(self.metrics))} metrics")
        if not self.found:
            self._before = self.here
        self.found = tuple(metric.key for metric in found)
        if self.here not in self.shown:
            self.here = self._before if self._before in self.shown else self.shown[0]
        self.arrange_panes()

    @on(Input.Changed, "#metric-filter")
    def _typed(self) -> None:
        self.sift(self.words.value)

    @on(Input.Submitted, "#metric-filter")
    def _kept(self) -> None:
        self.set_focus(None)
        self._show_line()

    def _show_line(self) -> None:
        self.set_class(bool(self.words.value) or self.words.has_focus, "-filtering")
        self.call_after_refresh(self.told.redraw)

    def action_filter(self) -> None:
        self.set_class(True, "-filtering")
        self.words.focus()
        self.told.tell(self.told.text or f"{count(len(self.metrics))} metrics")

    def clear_filter(self) -> bool:
        """All panes again; False where there was no filter."""
        if not (self.words.value or self.words.has_focus):
            return False
        self.set_focus(None)
        self.words.value = ""
        self.sift("")
        self.set_class(False, "-filtering")
        return True

    def scaled(self) -> tuple[str, ...]:
        return (*self.SCALED, *(name for name in self.shown if split(name)[0]))

    def action_back(self) -> None:
        """Cursor off; then the filter; then back to the panes that are shown, or away."""
        if self.words.has_focus or self.sight.cursor is None:
            if self.clear_filter():
                return
            if self.here not in self.shown:
                self.go(self.shown[0])
                return
        super().action_back()

    def action_doctor(self) -> None:
        self.go("doctor")

    def _turn(self, by: int) -> None:
        here, last = self.pages
        page = max(1, min(here + by, last))
        self.go(self.shown[(page - 1) * PER_PAGE])
        if last > 1:
            self.say(f"page {page} of {last}")

    def action_page_on(self) -> None:
        self._turn(1)

    def action_page_back(self) -> None:
        self._turn(-1)

    def action_metrics(self) -> None:
        """The list of all panes and metrics, to choose from."""
        from tuiwb.tui.screens.metrics import MetricsScreen

        def take(names: tuple[str, ...] | None) -> None:
            if names is not None:
                self.choose(names)

        if self.frame is None:
            self.say("the run is being opened", palette.DIM)
        else:
            self.app.push_screen(MetricsScreen(self.frame.view, self.metrics, self.order), take)

    def choose(self, names: tuple[str, ...]) -> None:
        """Have these panes on the bench."""
        self.clear_filter()
        self.order = names or PANES
        self.go(self.here if self.here in self.order else self.order[0])
