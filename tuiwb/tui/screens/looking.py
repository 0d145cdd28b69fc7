"""What screens of charts share: the panes in view, and one sight for all of them."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

from textual import on

from tuiwb.tui.scene import SMOOTHING, Scene
from tuiwb.tui.screens.following import Following
from tuiwb.tui.screens.sight import SightActions
from tuiwb.tui.widgets.chart import ChartPane


class Looking(SightActions, Following):
    """Charts over the steps of one run, of which one has the keys."""

    PANES: ClassVar[tuple[str, ...]]
    """The panes in their order, each the id of a widget."""
    bench: Scene | None

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.here = self.PANES[0]
        self.alone = False
        self.charts: dict[str, ChartPane] = {}

    @property
    def stops(self) -> tuple[str, ...]:
        """The panes that keys go through."""
        return self.PANES

    @property
    def page(self) -> tuple[str, ...]:
        """Those of them that number keys go to."""
        return self.stops

    @abstractmethod
    def arrange_panes(self) -> None:
        """Which panes are in view at this size, and which has the keys."""

    def go(self, name: str) -> None:
        """Give the keys to a pane; where one is shown at a time, show that one."""
        self.here = name
        self.arrange_panes()

    def on_resize(self) -> None:
        if self.bench is not None:
            self.bench.means = self.workbench.graphics.means()  # a cell may be larger now
        self.arrange_panes()

    def panes(self) -> dict[str, tuple[int, int]]:
        """The charts in view with their sizes; hidden ones are not painted at all."""
        return {} if self.tiny else self.sizes()

    def sizes(self) -> dict[str, tuple[int, int]]:
        """The size of every chart that is displayed."""
        return {
            name: (pane.content_size.width, pane.content_size.height)
            for name, pane in self.charts.items()
            if pane.display and pane.content_size.width and pane.content_size.height
        }

    @on(ChartPane.Pointed)
    def _chart_pointed(self, event: ChartPane.Pointed) -> None:
        self.pointed(event)

    def action_next_pane(self) -> None:
        self._step(1)

    def action_previous_pane(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        stops = self.stops
        at = stops.index(self.here) + by if self.here in stops else 0
        self.go(stops[at % len(stops)])

    def action_maximise(self) -> None:
        self.enlarge()

    def enlarge(self) -> None:
        """This pane alone, or all panes again."""
        self.alone = not self.alone
        self.arrange_panes()

    def action_smoothing(self) -> None:
        self.look(smoothing=(self.sight.smoothing + 1) % len(SMOOTHING))
        share = SMOOTHING[self.sight.smoothing]
        self.say(f"smoothing over {share:.0%} of the view" if share else "no smoothing")

    def action_back(self) -> None:
        if self.sight.cursor is not None:
            self.look(cursor=None)
        elif self.alone:
            self.enlarge()
        else:
            self.depart()

    def depart(self) -> None:
        """Go where one came from."""
        self.app.pop_screen()
