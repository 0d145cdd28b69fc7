"""The tour on the screen: a strip above the keys of whichever page is in front. Mixed into the
app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.timer import Timer

from tuiwb.tui.screens.page import Page
from tuiwb.tui.tour import PRESET, Seen, Tour
from tuiwb.tui.widgets.lines import Line, LinesView

if TYPE_CHECKING:
    from textual.screen import Screen

    from tuiwb.run.view import RunView
    from tuiwb.tui.actions import Action

LOOK = 0.2
"""Seconds between two looks at what was done."""


class Strip(LinesView):
    """What to do now."""

    def __init__(self, tour: Tour) -> None:
        super().__init__(classes="tour")
        self.tour = tour
        self.seen = Seen("")

    def look(self, seen: Seen) -> None:
        """Say what there is to do, in as many lines as it takes."""
        self.seen = seen
        width = self.content_size.width or self.screen.size.width
        most = 2 if self.screen.size.height < 16 else 5
        self.styles.height = len(self.tour.lines(seen, width, most))
        self.redraw()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return self.tour.lines(self.seen, width, height)


class Touring:
    """What `Workbench` does for the tour."""

    tour: Tour | None = None
    _tour_timer: Timer | None = None

    if TYPE_CHECKING:
        actions: tuple[Action, ...]
        screen_stack: list[Screen[Any]]
        set_interval: Any

    def action_tour(self) -> None:
        """Begin the tour, or leave it."""
        if self.tour is not None:
            self.tour = None
            if self._tour_timer is not None:
                self._tour_timer.stop()
            for screen in self.screen_stack:
                screen.query(Strip).remove()
            return
        self.tour = Tour(self.actions)
        page = self._page()
        if page is not None and page.CONTEXT == "presets":
            page.call_after_refresh(page.choose, PRESET)  # type: ignore[attr-defined]
        self._tour_timer = self.set_interval(LOOK, self._look_at_tour)
        self._look_at_tour()

    def _page(self) -> Page | None:
        """The page in front, be there a window over it or not."""
        pages = [screen for screen in self.screen_stack if isinstance(screen, Page)]
        return pages[-1] if pages else None

    def _look_at_tour(self) -> None:
        page = self._page()
        if self.tour is None or page is None or not page.is_mounted:
            return
        strips = page.query(Strip)
        if not strips:
            page.mount(Strip(self.tour), before=page.keybar)
            return
        seen = _seen(page)
        self.tour.look(seen)
        strips.first().look(seen)


def _seen(page: Page) -> Seen:
    frame, sight = getattr(page, "frame", None), getattr(page, "sight", None)
    view: RunView | None = getattr(frame, "view", None)
    if page.CONTEXT != "run" or view is None:
        return Seen(page.CONTEXT)
    return Seen(
        page.CONTEXT,
        cursor=getattr(sight, "cursor", None) is not None,
        ended=view.status.ended_now,
        turned=any(
            event["kind"] == "command" and event.get("command") == "set" and event.get("accepted")
            for event in view.events
        ),
        child=bool(view.meta.get("parent")),
    )
