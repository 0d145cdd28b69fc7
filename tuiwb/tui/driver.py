"""Textual's driver of a terminal, with ears for its answers and an eye on what is pasted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.events import Paste
from textual.message import Message

from tuiwb.tui.graphics.answers import Ears
from tuiwb.tui.pasting import Pasted, Pastes

if TYPE_CHECKING:
    from textual.app import App


class _Parser(XTermParser):
    """Textual's reader of keys, which would take answers for keys that were pressed, and a paste
    a character at a time."""

    def __init__(self, ears: Ears, debug: bool = False) -> None:
        self._ears = ears
        self._pastes = Pastes()
        super().__init__(debug)

    def feed(self, data: str) -> Iterable[Message]:
        if not data:  # the end of all input
            yield from super().feed(data)
        for piece in self._pastes.sort(self._ears.hear(data), monotonic()):
            if isinstance(piece, Pasted):
                yield Paste(piece.text)
            else:
                yield from super().feed(piece)


class Listening(linux_driver.LinuxDriver):
    """The driver."""

    last_words: Callable[[], str] | None = None
    """What to write before the terminal is left, for a while or for good."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self.ears = Ears()

    def run_input_thread(self) -> None:
        linux_driver.XTermParser = partial(_Parser, self.ears)  # type: ignore[assignment, attr-defined]
        super().run_input_thread()

    def stop_application_mode(self) -> None:
        if self.last_words is not None:
            self.write(self.last_words())
        super().stop_application_mode()
