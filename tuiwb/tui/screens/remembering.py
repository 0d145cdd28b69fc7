"""A screen that is as it was left when it is opened again: kept while it is looked at, forgotten
with a key."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from rich.style import Style

from tuiwb.tui import remembered

if TYPE_CHECKING:
    from tuiwb.tui.remembered import Look

SOON = 1.0
"""Seconds after a change at which it is kept: a terminal may be closed at any moment."""


class Remembering:
    """Keeps a look in the state folder. Mixed into screens, which say what there is to keep."""

    _recalled = False
    _known: Look | None = None

    if TYPE_CHECKING:
        set_interval: Any

        def arrange_panes(self) -> None: ...
        def key(self, name: str) -> str: ...
        def say(self, text: str, style: Style = ..., seconds: float = ...) -> None: ...

    @abstractmethod
    def looked(self) -> Look:
        """How it is looked at now. Asked once the first frame is there."""

    @abstractmethod
    def look_as(self, last: Any) -> None:
        """Look as it was looked at ``last``."""

    def begin_with(self, last: Look | None) -> None:
        """The first frame is there: look as ``last``, where anything is known, and keep what comes
        of it."""
        self._recalled = True
        self._known = last if last is not None else self.looked()
        self.set_interval(SOON, self.keep)
        if last is not None:
            self.look_as(last)
            self.arrange_panes()
            self.say(f"as you left it; {self.key('forget')} forgets that")

    def keep(self) -> None:
        """Keep how it is looked at, where that has changed."""
        if self._recalled and (now := self.looked()) != self._known:
            self._known = now
            remembered.save(now)

    def forgotten(self, words: str) -> None:
        """It is looked at as if for the first time: keep nothing of what was before."""
        self._known = now = self.looked()
        remembered.drop(now.name)
        self.say(f"forgotten: {words}")

    def on_screen_suspend(self) -> None:
        self.keep()

    def on_unmount(self) -> None:
        self.keep()
