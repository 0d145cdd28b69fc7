"""What this terminal can do for a picture, asked once and only where there is one to show."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import isqrt
from typing import Literal

from tuiwb.tui.driver import Listening
from tuiwb.tui.graphics.answers import KITTY, WHO, Answers

Protocol = Literal["kitty", "sixel"]

_USUAL = (10, 20)
"""Pixels of a cell that is not known: kitty's images are scaled by the terminal."""
_MULTIPLEXERS = ("tmux", "screen", "zellij")
_PIXELS = 1 << 18
"""Of one picture at most."""
_NEAR, _FAR = 400_000, 20_000
"""Characters that one picture may take: at the machine itself, and over a line."""


@dataclass(frozen=True)
class Means:
    """How images are shown: ``cell`` (width, height) in pixels, ``most`` characters a picture."""

    protocol: Protocol
    cell: tuple[int, int]
    most: int

    def fine(self, width: int, height: int) -> int:
        """How many pixels each half block of a pane of ``width`` x ``height`` is divided into
        across, and as many down; 1 where that gains nothing."""
        return max(1, min(self.cell[0], isqrt(_PIXELS // max(1, 2 * width * height))))


class Graphics:
    """Asks the terminal, and keeps what it answered."""

    def __init__(self, wanted: str, environment: Mapping[str, str]) -> None:
        self._wanted = wanted
        self._may = may_be_asked(environment)
        self._far = any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_TTY"))
        self._driver: Listening | None = None
        self._answers: Answers | None = None

    def ask(self, driver: object, told: Callable[[], None]) -> None:
        """Ask, once; ``told`` is called in another thread when the answers are there."""
        if self._driver is not None or self._wanted == "blocks" or not self._may:
            return
        if not isinstance(driver, Listening) or not driver.input_tty:
            return
        self._driver = driver

        def named(answers: Answers) -> None:
            if answers.name.lower().startswith(_MULTIPLEXERS):
                answers = Answers()  # at the other end of a line, where no variable tells
            self._answers = answers
            if answers.name:
                driver.ears.listen(judged)
                driver.write(KITTY)
            else:
                told()

        def judged(answers: Answers) -> None:
            if self._answers is not None:
                self._answers = replace(self._answers, kitty=answers.kitty)
            told()

        driver.ears.listen(named)
        driver.write(WHO)

    def forget(self) -> None:
        """It may be another terminal from now on."""
        self._driver = self._answers = None

    def part_with(self, words: Callable[[], str]) -> None:
        """What to write last, whenever the terminal is left."""
        if self._driver is not None:
            self._driver.last_words = words

    def means(self) -> Means | None:
        """How images are shown here; None where half blocks are all there is."""
        answers, driver = self._answers, self._driver
        if answers is None or driver is None:
            return None
        cell = _cell_of(driver.fileno) or answers.cell
        most = _FAR if self._far else _NEAR
        if answers.kitty:
            return Means("kitty", cell or _USUAL, most)
        return Means("sixel", cell, most) if answers.sixel and cell else None


def may_be_asked(environment: Mapping[str, str]) -> bool:
    """Whether the question does no harm: a multiplexer keeps images and answers for itself, and
    some terminals write on the screen what they do not understand."""
    if any(environment.get(name) for name in ("TMUX", "STY", "ZELLIJ")):
        return False
    term = environment.get("TERM", "")
    return (
        not term.startswith(("linux", "screen", "tmux", "vt", "dumb"))
        and environment.get("TERM_PROGRAM") != "Apple_Terminal"
    )


def _cell_of(fileno: int) -> tuple[int, int] | None:
    """Pixels of a cell (width, height) as the terminal told the system, if it did."""
    try:
        if not os.isatty(fileno):
            return None
        packed = fcntl.ioctl(fileno, termios.TIOCGWINSZ, bytes(8))
    except OSError:
        return None
    rows, columns, wide, high = struct.unpack("HHHH", packed)
    if not rows or not columns or wide // columns < 2 or high // rows < 4:
        return None
    return wide // columns, high // rows
