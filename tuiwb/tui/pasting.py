"""What is pasted, told from what is typed, in whatever pieces it comes.

A terminal that can marks a paste at both ends. From one that cannot it comes as if it were typed,
but more of it at once than anybody types: taken key by key, each line of it would be commands, and
a megabyte would hold up the screen for minutes.
"""

from __future__ import annotations

from dataclasses import dataclass

from tuiwb.tui.terminal import PASTED

BEGIN, END = "\x1b[200~", "\x1b[201~"
AT_ONCE = 128
"""Characters that come at once and were pasted: keys that repeat over a line that stood still for
seconds are fewer."""
SOON = 0.1
"""Seconds for which what follows on a paste without marks belongs to it."""
LOST = 2.0
"""Seconds after which the mark at the end is no longer waited for."""


@dataclass(frozen=True)
class Pasted:
    """A paste, as much of it as a field takes."""

    text: str


class Pastes:
    """Sorts what comes from a terminal."""

    def __init__(self) -> None:
        self._body: str | None = None
        self._held = ""
        self._at = 0.0
        self._room = 0

    def sort(self, data: str, now: float) -> list[str | Pasted]:
        """The pieces of ``data`` in order: what was typed, none of it empty, and what was pasted.
        ``now`` is in seconds of a clock that never runs backwards."""
        found: list[str | Pasted] = []
        since, self._at = now - self._at, now
        data, self._held = self._held + data, ""
        if self._body is not None and since > LOST:
            found.append(Pasted(self._body))
            self._body = None
        while data:
            if self._body is not None:
                data = self._go_on(data, found)
                continue
            typed, mark, data = data.partition(BEGIN)
            if mark:
                self._body = ""
            else:
                typed = self._hold(typed, BEGIN, 3)  # less of it may be the escape key
            found += self._typed(typed, since)
        return found

    def _go_on(self, data: str, found: list[str | Pasted]) -> str:
        """More of a paste; what comes after its end."""
        assert self._body is not None
        text, mark, rest = data.partition(END)
        if not mark:
            text = self._hold(text, END, 1)
        self._body += text[: PASTED - len(self._body)]
        if mark:
            found.append(Pasted(self._body))
            self._body = None
        return rest

    def _hold(self, text: str, mark: str, least: int) -> str:
        """``text`` without what may be the beginning of a mark, which waits for what follows."""
        for length in range(len(mark) - 1, least - 1, -1):
            if text.endswith(mark[:length]):
                self._held = mark[:length]
                return text[:-length]
        return text

    def _typed(self, text: str, since: float) -> list[str | Pasted]:
        if not text:
            return []
        more = self._room > 0 and since < SOON
        if "\x1b" in text or not (more or len(text) >= AT_ONCE):
            self._room = 0
            return [text]
        if not more:
            self._room = PASTED + 1
        taken = text[: self._room - 1]
        self._room -= len(taken)  # never down to 0, which would be no paste
        return [Pasted(taken)] if taken else []
