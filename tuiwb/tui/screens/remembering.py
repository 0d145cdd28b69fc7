"""The bench as it was left: restored when a run is opened again, forgotten with a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuiwb.tui import remembered
from tuiwb.tui.panes import PANES
from tuiwb.tui.scene import Sight
from tuiwb.tui.screens.choosing import Choosing

if TYPE_CHECKING:
    from tuiwb.run.view import RunView

SOON = 1.0
"""Seconds after a change at which it is kept: a terminal may be closed at any moment."""


class Remembering(Choosing):
    """Keeps the sight and the panes of each run in the state folder."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)
        self._opened = False
        self._known: remembered.Kept | None = None

    def recall(self, view: RunView) -> None:
        """At the first frame: look at the run as it was looked at last."""
        if self._opened:
            return
        self._opened = True
        self._known = last = remembered.load(view)
        self.set_interval(SOON, self.keep)
        if last is None:
            self._known = self._now(view)
            return
        self.sight = last.sight(self.sight)
        self.order = last.order or self.order
        self.here = last.here if last.here in (*self.order, *PANES) else self.order[0]
        self.alone = last.alone
        if last.filter:
            self.words.value = last.filter
            self.set_class(True, "-filtering")
        self.arrange_panes()
        self.say(f"as you left it; {self.key('forget')} forgets that")

    def _now(self, view: RunView) -> remembered.Kept:
        usual = self.order == self.workbench.config.settings.panes
        look = remembered.Look(() if usual else self.order, self.here, self.alone, self.words.value)
        return remembered.kept(view, self.sight, look)

    def keep(self) -> None:
        """Keep how the run is looked at, where that has changed."""
        if self.frame is None or not self._opened:
            return
        now = self._now(self.frame.view)
        if now != self._known:
            self._known = now
            remembered.save(now)

    def on_screen_suspend(self) -> None:
        self.keep()

    def on_unmount(self) -> None:
        self.keep()

    def action_forget(self) -> None:
        """Look at the run as at one that was never opened."""
        if self.frame is None:
            return
        remembered.forget(self.frame.view)
        self.clear_filter()
        self.sight, self.alone = Sight(), False
        self.order = self.workbench.config.settings.panes
        self.go(self.order[0])
        self._known = self._now(self.frame.view)
        self.say("forgotten: this is how every run is opened")
