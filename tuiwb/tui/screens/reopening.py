"""The bench as it was left: restored when a run is opened again, forgotten with a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuiwb.tui import remembered
from tuiwb.tui.panes import PANES
from tuiwb.tui.scene import Sight
from tuiwb.tui.screens.choosing import Choosing
from tuiwb.tui.screens.remembering import Remembering

if TYPE_CHECKING:
    from tuiwb.run.view import RunView


class Reopening(Remembering, Choosing):
    """Keeps the sight and the panes of each run."""

    def recall(self, view: RunView) -> None:
        """At the first frame: look at the run as it was looked at last."""
        if not self._recalled:
            self.begin_with(remembered.load(view))

    def look_as(self, last: remembered.Kept) -> None:
        self.sight = last.sight(self.sight)
        self.order = last.order or self.order
        self.here = last.here if last.here in (*self.order, *PANES) else self.order[0]
        self.alone = last.alone
        if last.filter:
            self.words.value = last.filter
            self.set_class(True, "-filtering")

    def looked(self) -> remembered.Kept:
        assert self.frame is not None
        usual = self.order == self.workbench.config.settings.panes
        panes = remembered.Panes(
            () if usual else self.order, self.here, self.alone, self.words.value
        )
        return remembered.kept(self.frame.view, self.sight, panes)

    def action_forget(self) -> None:
        """Look at the run as at one that was never opened."""
        if self.frame is None:
            return
        self.clear_filter()
        self.sight, self.alone = Sight(), False
        self.order = self.workbench.config.settings.panes
        self.go(self.order[0])
        self.forgotten("this is how every run is opened")
