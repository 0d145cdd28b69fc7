"""A comparison as it was left: restored when the same runs are compared again. Mixed into it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from tuiwb.tui.comparing import kept
from tuiwb.tui.comparing.overlay import Frame, Sight
from tuiwb.tui.screens.remembering import Remembering

LAYOUTS = ("both", "chart", "table")


class Recalling(Remembering):
    """What `CompareScreen` keeps of a look at its runs."""

    PANES: ClassVar[tuple[str, ...]]
    paths: Sequence[Path]
    pinned: str | None
    """The baseline that the comparison was asked for with."""
    sight: Sight
    layout_of: str
    frame: Frame | None

    def recall(self, frame: Frame) -> None:
        """As soon as all runs are there: look at them as they were looked at last."""
        views = frame.found.views
        if not self._recalled and len(views) + len(frame.left_out) >= len(self.paths):
            self.begin_with(kept.load(views.values()))

    def look_as(self, last: kept.KeptComparison) -> None:
        assert self.frame is not None
        self.sight = last.sight(self.sight, self.PANES[0], self.frame.found.views)
        self.layout_of = last.layout if last.layout in LAYOUTS else "both"

    def looked(self) -> kept.KeptComparison:
        assert self.frame is not None
        return kept.kept(self.frame.found.views.values(), self.sight, self.layout_of)

    def action_forget(self) -> None:
        """Look at the runs as at some that were never compared."""
        if self.frame is None:
            return
        self.sight = Sight(baseline=self.pinned, chosen=self.sight.chosen)
        self.layout_of = "both"
        self.arrange_panes()
        self.forgotten("this is how runs are compared at first")
