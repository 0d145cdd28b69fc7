"""Charts and texts of one run in a grid, or one of them alone: layers, the machine."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Grid
from textual.widget import Widget

from tuiwb.tui import palette
from tuiwb.tui.scene import Frame, Scene
from tuiwb.tui.screens.looking import Looking
from tuiwb.tui.widgets.chart import ChartPane
from tuiwb.tui.widgets.lines import Line, LinesView, sides
from tuiwb.tui.widgets.scroll import TextPane
from tuiwb.tui.widgets.tabs import Tabs


class Spread(Looking):
    """Subclasses name the panes, say which are texts, and make the scene that paints the rest."""

    TEXTS: ClassVar[tuple[str, ...]] = ()
    SHORT: ClassVar[dict[str, str]] = {}
    """Names for the row of tabs."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.charts = {name: ChartPane(name) for name in self.PANES if name not in self.TEXTS}
        self.texts: dict[str, TextPane] = {name: self.text(name) for name in self.TEXTS}
        self.title_line = TitleLine(id="spread-head")
        self.tabs = Tabs(id="tabs")

    @abstractmethod
    def text(self, name: str) -> TextPane:
        """A pane of text."""

    @abstractmethod
    def begin(self) -> Scene:
        """What paints the charts."""

    @abstractmethod
    def about(self, width: int) -> Line:
        """What is looked at, for the first line."""

    def compose(self) -> ComposeResult:
        yield self.title_line
        yield self.tabs
        with Grid(id=f"{self.CONTEXT}-grid", classes="spread"):
            for name in self.PANES:
                yield self.charts[name] if name in self.charts else self.texts[name]
        yield self.keybar

    def on_mount(self) -> None:
        self.bench = self.begin()
        self.relook()
        self.arrange_panes()

    def panes(self) -> dict[str, tuple[int, int]]:
        return self.sizes()

    def applied(self, frame: Frame) -> None:
        self.frame = frame
        for name, canvas in frame.canvases.items():
            self.charts[name].show(canvas)
        for pane in (*self.texts.values(), self.title_line):
            pane.redraw()

    def arrange_panes(self) -> None:
        single = self.alone or not self.wide
        self.set_class(single, "-single")
        for name in self.PANES:
            pane: Widget = self.charts[name] if name in self.charts else self.texts[name]
            pane.display = name == self.here if single else name in self.stops
            pane.set_class(name == self.here, "-here")
        self.tabs.here, self.tabs.display = self.here, single
        self.tabs.names = tuple((name, self.SHORT.get(name, name)) for name in self.stops)
        self.tabs.redraw()
        self.call_after_refresh(self.wake)

    @on(TextPane.Pointed)
    def _text_pointed(self, event: TextPane.Pointed) -> None:
        self.go(str(event.pane.id))
        if event.what == "double":
            self.enlarge()

    def action_down(self) -> None:
        self._scroll(1)

    def action_up(self) -> None:
        self._scroll(-1)

    def _scroll(self, by: int) -> None:
        text = self.texts.get(self.here) or next(iter(self.texts.values()), None)
        if text is not None:
            text.move(by)

    def action_leave(self) -> None:
        self.depart()


class TitleLine(LinesView):
    """What is looked at, and how the run does."""

    def lines(self, width: int, height: int) -> Sequence[Line]:
        page = self.screen
        assert isinstance(page, Spread)
        if page.frame is None:
            return [[(" opening the run", palette.DIM)]]
        status = page.frame.view.status
        look = palette.state(status.state)
        right: Line = [(f"{look.glyph} {status.words} ", look.style)]
        return [sides(page.about(width), right, width)]
