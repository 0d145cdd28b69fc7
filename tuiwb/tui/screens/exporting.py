"""Taking a chart away: as SVG, CSV or text into a file; the run as a command line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from tuiwb.base.errors import UserError
from tuiwb.base.format import count
from tuiwb.base.text import one_line
from tuiwb.tui import exported, palette
from tuiwb.tui.axis import axis_of
from tuiwb.tui.exported import ENDINGS, Kind
from tuiwb.tui.screens.looking import Looking
from tuiwb.tui.screens.steady import Window
from tuiwb.tui.widgets.rows import Row, RowsView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuiwb.plots.canvas import Canvas
    from tuiwb.plots.figure import Figure, HeatMap
    from tuiwb.plots.glyphs import GlyphSet
    from tuiwb.tui.screens.page import Page

Choice = tuple[Kind, str]


@dataclass(frozen=True)
class Offer:
    """A chart that may be taken away: drawn where it has a ``figure``, else as it stands."""

    run: str
    """Whose it is: the file is called after that and ``chart``."""
    chart: str
    figure: Figure | HeatMap | None
    canvas: Canvas | None
    rows: int
    """How many rows there are behind it."""
    every: Callable[[], Iterator[str]]
    """Those in view, as CSV in pieces."""

    @property
    def choices(self) -> list[Choice]:
        """What can be written of it."""
        text: Choice = ("text", "text, in characters")
        if self.figure is None:
            return [text]
        return [
            ("svg", "SVG, a drawing"),
            ("rows", f"CSV, every row in view, of {count(self.rows)}"),
            ("drawn", "CSV, the points as they are drawn"),
            text,
        ]

    def pieces(self, kind: Kind, glyphs: GlyphSet) -> Iterator[str]:
        """The text of the file."""
        from tuiwb.plots.svg import render_svg

        if kind == "rows":
            yield from self.every()
        elif self.figure is not None and kind == "svg":
            yield render_svg(self.figure)
        elif self.figure is not None and kind == "drawn":
            yield exported.as_drawn(self.figure)
        else:
            shown = self.figure if self.figure is not None else self.canvas
            assert shown is not None
            yield exported.as_text(shown, glyphs)


async def take_away(page: Page, offer: Offer) -> None:
    """Ask what to write of a chart and where, write it and say so. For workers of Textual: it waits
    for the answer."""
    title = offer.figure.title if offer.figure is not None else offer.chart
    ask = ExportScreen(f"export: {title}", offer.choices, offer.run, offer.chart)
    asked = await page.app.push_screen_wait(ask)
    if asked is None:
        return
    kind, typed = asked
    pieces = offer.pieces(kind, page.workbench.glyphs)
    try:
        path = exported.destination(typed, exported.name_for(offer.run, offer.chart, kind))
        written = await asyncio.to_thread(exported.write, path, pieces)
    except UserError as error:
        page.workbench.complain(error)
        return
    page.say(f"wrote {written.absolute()}", palette.GREEN, seconds=12.0)


class ExportScreen(Window[tuple[Kind, str] | None]):
    """Dismissed with what to write and where, or None."""

    BINDINGS: ClassVar = [
        Binding("escape", "leave", "leave it"),
        Binding("enter", "take", "write"),
        Binding("down", "move(1)", "down", priority=True),
        Binding("up", "move(-1)", "up", priority=True),
    ]

    def __init__(self, title: str, choices: Sequence[Choice], run: str, chart: str) -> None:
        super().__init__()
        self._heading, self._run_id, self._chart = title, run, chart
        self.kinds = RowsView(id="kinds")
        self.kinds.rows = [Row([(words, palette.STRONG)], kind) for kind, words in choices]
        self.kinds.key = choices[0][0]
        self.path = Input(self._file_name(), id="export-path", compact=True, select_on_focus=False)

    def _file_name(self) -> str:
        return exported.name_for(self._run_id, self._chart, cast("Kind", self.kinds.key))

    def compose(self) -> ComposeResult:
        self.kinds.styles.height = len(self.kinds.rows)
        with Vertical(classes="window") as box:
            yield self.kinds
            yield self.path
        box.border_title = Content(one_line(self._heading, 60))
        box.border_subtitle = "↑ ↓ what · type where · enter writes · escape leaves"

    def on_mount(self) -> None:
        self.path.focus()

    def action_move(self, by: int) -> None:
        """Another kind: the file's ending goes with it, what was typed stays."""
        self.kinds.move(by)
        stem = self.path.value
        for ending in ENDINGS.values():
            stem = stem.removesuffix(ending)
        self.path.value = stem + ENDINGS[cast("Kind", self.kinds.key)]

    @on(Input.Submitted, "#export-path")
    def action_take(self) -> None:
        typed = self.path.value.strip()
        self.dismiss((cast("Kind", self.kinds.key), typed))

    def action_leave(self) -> None:
        self.dismiss(None)


class Exporting(Looking):
    """Writes the chart that has the keys."""

    def action_copy(self) -> None:
        """The command that trains the same, to the clipboard of the terminal, and shown."""
        spec = self.frame.view.spec if self.frame else None
        if spec is None:
            self.say("nothing is known of this run's spec")
            return
        command = spec.command()
        self.app.copy_to_clipboard(command)
        self.say(f"copied: {command}", palette.GREEN, seconds=12.0)

    @work(exclusive=True, group="export")
    async def action_export(self) -> None:
        if self.frame is None or self.bench is None:
            self.say("the run is being opened", palette.DIM)
            return
        name, view = self.here, self.frame.view
        figure = self.bench.figure(name)
        pane = self.charts.get(name)
        canvas = pane.canvas if pane is not None else None
        if figure is None and canvas is None:
            self.say("this pane is no chart: go to one, and e exports it")
            return
        sources = self.bench.sources(view, self.sight, name)
        on, (low, high) = axis_of(view, self.sight.axis), self.frame.x_range
        offer = Offer(
            view.id,
            name,
            cast("Figure | HeatMap | None", figure),  # histograms are one layer's
            canvas,
            sum(view.table(table).rows for table, _ in sources),
            lambda: exported.as_rows(view, sources, on.column, on.back(low), on.back(high)),
        )
        await take_away(self, offer)
