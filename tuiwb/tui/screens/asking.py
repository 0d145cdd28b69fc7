"""A window that asks a worker something: what it says is shown as it comes, and to leave the window
ends the worker."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from textual.screen import ScreenResultType

from tuiwb.base.errors import UserError
from tuiwb.client.question import Question
from tuiwb.tui.screens.steady import Window


class Asking(Window[ScreenResultType]):
    """Asks ``asked`` in a thread of its own, from when it is shown until it is left."""

    asked: Question

    def heard(self, row: Mapping[str, Any]) -> None:
        """What the worker says on its way; in the thread."""

    def answered(self, answer: Mapping[str, Any]) -> None:
        """What it says in the end."""

    def refused(self, error: UserError) -> None:
        """There is no answer."""

    def on_mount(self) -> None:
        threading.Thread(target=self._ask, name=type(self.asked).__name__, daemon=True).start()

    def on_unmount(self) -> None:
        self.asked.cancel()

    def _ask(self) -> None:
        try:
            answer = self.asked.run(self.heard)
        except UserError as error:
            self.in_app(self.refused, error)
        else:
            self.in_app(self.answered, answer)

    def in_app(self, function: Any, what: Any) -> None:
        """From the thread: have the app's own thread call it."""
        try:
            self.app.call_from_thread(function, what)
        except Exception:
            self.asked.cancel()  # the screen, or the whole app, has gone
