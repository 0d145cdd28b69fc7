"""Taking a chart away: as SVG, CSV or text into a file; the run as a command line."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tuiwb.base.errors import UserError
from tuiwb.base.format import count
from tuiwb.tui import exported, palette
from tuiwb.tui.axis import axis_of
from tuiwb.tui.exported import ENDINGS, Kind
from tuiwb.tui.screens.looking import Looking
from tuiwb.tui.widgets.rows import Row, RowsView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuiwb.plots.canvas import Canvas
    from tuiwb.plots.figure import Figure, HeatMap

Choice = tuple[Kind, str]


class ExportScreen(ModalScreen[tuple[Kind, str] | None]):
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
        box.border_title = self._heading
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
        path = Path(typed).expanduser() if typed else Path(self._file_name())
        if path.is_dir() or typed.endswith("/"):
            path = path / self._file_name()
        self.dismiss((cast("Kind", self.kinds.key), str(path)))

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
            return
        name, view = self.here, self.frame.view
        figure = self.bench.figure(name)
        pane = self.charts.get(name)
        canvas = pane.canvas if pane is not None else None
        if figure is None and canvas is None:
            self.say("this pane is no chart: go to one, and e exports it")
            return
        sources = self.bench.sources(view, self.sight, name)
        rows = sum(view.table(table).rows for table, _ in sources)
        choices: list[Choice] = [("text", "text, in characters")]
        if figure is not None:
            choices = [
                ("svg", "SVG, a drawing"),
                ("rows", f"CSV, every row in view, of {count(rows)}"),
                ("drawn", "CSV, the points as they are drawn"),
                *choices,
            ]
        title = figure.title if figure is not None else name
        asked = await self.app.push_screen_wait(
            ExportScreen(f"export: {title}", choices, view.id, name)
        )
        if asked is None:
            return
        kind, path = asked
        low, high = self.frame.x_range
        on = axis_of(view, self.sight.axis)

        def pieces() -> Iterator[str]:
            if kind == "rows":
                span = on.back(low), on.back(high)
                yield from exported.as_rows(view, sources, on.column, *span)
            else:
                # histograms are one layer's; the bench has none
                yield self._drawn(kind, cast("Figure | HeatMap | None", figure), canvas)

        try:
            written = await asyncio.to_thread(exported.write, Path(path), pieces())
        except UserError as error:
            self.workbench.complain(error)
            return
        self.say(f"wrote {written.absolute()}", palette.GREEN, seconds=12.0)

    def _drawn(self, kind: Kind, figure: Figure | HeatMap | None, canvas: Canvas | None) -> str:
        from tuiwb.plots.svg import render_svg

        if figure is not None and kind == "svg":
            return render_svg(figure)
        if figure is not None and kind == "drawn":
            return exported.as_drawn(figure)
        shown = figure if figure is not None else canvas
        assert shown is not None
        return exported.as_text(shown, self.workbench.glyphs)
