"""Whether a terminal shows images: what is asked, and its answers picked out of what is typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

_ID = 31
WHO = "\x1b[>q\x1b[16t\x1b[c"
"""Asks for the name of a terminal, the size of a cell, and what every terminal answers: after that
nothing more is to be expected."""
KITTY = f"\x1b_Gi={_ID},s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[c"
"""A kitty image that is only asked about; for terminals that told their name, since those that do
not know as much may write it on the screen."""

_ANSWER = re.compile(
    r"\x1b_G([^\x1b]*)\x1b\\|\x1b\[6;(\d+);(\d+)t|\x1bP>\|([^\x1b]*)\x1b\\|\x1b\[\?([\d;]*)c"
)
_BEGUN = re.compile(r"\x1b(?:(?:_G|P>)[^\x1b]*\x1b?|[_P]|\[(?:6(?:;[\d;]*)?|\?[\d;]*)?)\Z")
_LONGEST = 256
_SIXEL = "4"


@dataclass(frozen=True)
class Answers:
    """What a terminal said: whether it takes kitty's images, sixels; its name, and the size of a
    cell in pixels, (width, height), where it told them."""

    kitty: bool = False
    sixel: bool = False
    cell: tuple[int, int] | None = None
    name: str = ""


class Ears:
    """Takes the answers out of what comes from the terminal, which may come in any pieces."""

    def __init__(self) -> None:
        self._told: Callable[[Answers], None] | None = None
        self._held = ""
        self._said = Answers()

    def listen(self, told: Callable[[Answers], None]) -> None:
        """From now on until the last of the answers, which are then ``told``."""
        self._told, self._said = told, Answers()

    def hear(self, data: str) -> str:
        """What of ``data`` was typed."""
        if self._told is None:
            return data
        data, self._held = self._held + data, ""
        typed, end = [], 0
        for found in _ANSWER.finditer(data):
            typed.append(data[end : found.start()])
            end = found.end()
            self._take(found)
        rest = data[end:]
        if self._told is not None and (begun := _BEGUN.search(rest)) is not None:
            rest, held = rest[: begun.start()], rest[begun.start() :]
            if len(held) <= _LONGEST:
                self._held = held
            else:
                rest += held
        return "".join((*typed, rest))

    def _take(self, found: re.Match[str]) -> None:
        kitty, height, width, name, terminal = found.groups()
        if kitty is not None:
            number, _, verdict = kitty.partition(";")
            self._said = replace(self._said, kitty=number == f"i={_ID}" and verdict == "OK")
        elif width is not None:
            self._said = replace(self._said, cell=(int(width), int(height)))
        elif name is not None:
            self._said = replace(self._said, name=name)
        elif (told := self._told) is not None:
            self._told = None
            told(replace(self._said, sixel=_SIXEL in terminal.split(";")[1:]))
