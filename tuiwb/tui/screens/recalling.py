"""A comparison as it was left: restored when the same runs are compared again. Mixed into it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.style import Style

from tuiwb.tui.comparing import kept
from tuiwb.tui.comparing.overlay import Frame, Sight
from tuiwb.tui.screens.remembering import SOON

LAYOUTS = ("both", "chart", "table")


class Recalling:
    """What `CompareScreen` keeps of a look at its runs."""

    PANES: ClassVar[tuple[str, ...]]
    paths: Sequence[Path]
    pinned: str | None
    """The baseline that the comparison was asked for with."""
    sight: Sight
    layout_of: str
    frame: Frame | None
    _recalled = False
    _known: kept.KeptComparison | None = None

    if TYPE_CHECKING:
        set_interval: Any

        def arrange_panes(self) -> None: ...
        def key(self, name: str) -> str: ...
        def say(self, text: str, style: Style = ..., seconds: float = ...) -> None: ...

    def recall(self, frame: Frame) -> None:
        """As soon as all runs are there: look at them as they were looked at last."""
        views = frame.found.views
        if self._recalled or len(views) + len(frame.left_out) < len(self.paths):
            return
        self._recalled = True
        last = kept.load(views.values())
        self._known = last or self._now(frame)
        self.set_interval(SOON, self.keep)
        if last is not None:
            self.sight = last.sight(self.sight, self.PANES[0], views)
            self.layout_of = last.layout if last.layout in LAYOUTS else "both"
            self.arrange_panes()
            self.say(f"as you left it; {self.key('forget')} forgets that")

    def _now(self, frame: Frame) -> kept.KeptComparison:
        return kept.kept(frame.found.views.values(), self.sight, self.layout_of)

    def keep(self) -> None:
        """Keep how the runs are looked at, where that has changed."""
        if self.frame is None or not self._recalled:
            return
        now = self._now(self.frame)
        if now != self._known:
            self._known = now
            kept.save(now)

    def on_screen_suspend(self) -> None:
        self.keep()

    def on_unmount(self) -> None:
        self.keep()

    def action_forget(self) -> None:
        """Look at the runs as at some that were never compared."""
        if self.frame is None:
            return
        kept.forget(self.frame.found.views.values())
        self.sight = Sight(baseline=self.pinned, chosen=self.sight.chosen)
        self.layout_of = "both"
        self._known = self._now(self.frame)
        self.arrange_panes()
        self.say("forgotten: this is how runs are compared at first")
