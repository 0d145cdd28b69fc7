"""A pane that shows a canvas and sends only the cells that differ from the canvas before."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tuiwb.plots.canvas import BOLD, DIM, REVERSE, Canvas
from tuiwb.tui.themes import DARK, themed

if TYPE_CHECKING:
    from tuiwb.tui.widgets.lines import Span


class ChartPane(Widget):
    """Shows what it is given; painting happens elsewhere, in a thread."""

    class Pointed(Message):
        """The mouse: ``what`` is cursor, zoom, drag or double; ``amount`` its size or direction."""

        def __init__(self, pane: ChartPane, what: str, column: int, amount: int = 0) -> None:
            self.pane, self.what, self.column, self.amount = pane, what, column, amount
            super().__init__()

    def __init__(self, name: str, id: str | None = None) -> None:
        super().__init__(id=id or name, classes="pane")
        self.what = name
        """What it shows, by name."""
        self.canvas: Canvas | None = None
        self.spans: list[Span] = []
        """What the last canvas changed."""
        self._base: Style | None = None
        self._held: int | None = None

    def take(self, name: str) -> None:
        """Show something else from now on."""
        self.what, self.canvas = name, None
        self.refresh()

    def show(self, canvas: Canvas) -> None:
        """Put ``canvas`` in the place of the one before."""
        self.spans = canvas.changed_spans(self.canvas) if canvas is not self.canvas else []
        whole = self.canvas is None
        self.canvas = canvas
        if whole:
            self.refresh()
        elif self.spans:
            self.refresh(*(Region(x0, y, x1 - x0, 1) for y, x0, x1 in self.spans))

    def on_resize(self) -> None:
        wake = getattr(self.screen, "wake", None)
        if wake is not None:
            wake()

    def notify_style_update(self) -> None:
        self._base = None
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        base = self._base = self._base or self.rich_style
        if self.canvas is None or y >= self.canvas.height:
            return Strip.blank(width, base)
        look = getattr(self.app, "look", DARK)
        segments = [
            Segment(run.text, base + themed(style_of(run.fg, run.bg, run.attr), look))
            for run in self.canvas.runs(y)
        ]
        return Strip(segments, self.canvas.width).adjust_cell_length(width, base)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._held = event.x
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._held is not None and event.x != self._held:
            self.post_message(self.Pointed(self, "drag", event.x, self._held - event.x))
            self._held = event.x

    def on_mouse_up(self) -> None:
        self._held = None
        self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        what = "double" if event.chain == 2 else "cursor"
        self.post_message(self.Pointed(self, what, event.get_content_offset_capture(self).x))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.post_message(self.Pointed(self, "zoom", event.x, 1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.post_message(self.Pointed(self, "zoom", event.x, -1))


@lru_cache(maxsize=1024)
def style_of(fg: int, bg: int, attr: int) -> Style:
    """A canvas cell's look as a Rich style."""
    return Style(
        color=f"#{fg:06x}" if fg >= 0 else None,
        bgcolor=f"#{bg:06x}" if bg >= 0 else None,
        bold=True if attr & BOLD else None,
        dim=True if attr & DIM else None,
        reverse=True if attr & REVERSE else None,
    )
