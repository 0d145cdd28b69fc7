"""A program on a real pseudo-terminal, and what it costs: bytes, processor time, memory, waiting.

What arrives is noted with its time and looked at afterwards, so that the emulation of the terminal
takes no time from the program.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyte

CELLS = 200
"""Printable cells from which a screen counts as painted."""
ANSWERS = {
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[c": b"\x1b[?62;c",
    b"\x1b]11;?": b"\x1b]11;rgb:0000/0000/0000\x1b\\",
    b"\x1b]10;?": b"\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
    b"\x1b[?u": b"\x1b[?0u",
}
"""What a terminal answers to the questions of a full-screen program."""


@dataclass
class Meter:
    """A running program, the terminal that it draws on, and what came out of it so far."""

    process: subprocess.Popen[bytes]
    fd: int
    screen: pyte.Screen
    rate: float | None
    """Bytes a second that the line carries; None: as many as there are."""
    begun: float
    answers: Mapping[bytes, bytes] = field(default_factory=lambda: ANSWERS)
    """What the terminal says when it is asked something."""
    chunks: list[tuple[float, bytes]] = field(default_factory=list)
    """What arrived and when, in seconds since the start."""
    _drawn: int = 0
    _stream: pyte.ByteStream = field(init=False)
    _allowed: float = 0.0
    _last: float = 0.0

    def __post_init__(self) -> None:
        self._stream = pyte.ByteStream(self.screen)

    def now(self) -> float:
        """Seconds since the program was started."""
        return time.monotonic() - self.begun

    @property
    def received(self) -> int:
        """Bytes that have come over the line."""
        return sum(len(data) for _, data in self.chunks)

    def read(self, seconds: float, enough: Callable[[], bool] = lambda: False) -> None:
        """Take in what comes for so long, or until it is ``enough`` or has ended."""
        end = self.now() + seconds
        while self.now() < end and not enough() and self._take(end):
            pass

    def quiet(self, seconds: float, patience: float) -> float:
        """Read until nothing has come for ``seconds``; when the last of it came."""
        give_up = self.now() + patience
        while self.now() < give_up:
            last = self.chunks[-1][0] if self.chunks else 0.0
            if last and self.now() - last > seconds:
                return last
            self._take(self.now() + 0.05)
        raise TimeoutError("it is never quiet")

    def press(self, keys: str) -> float:
        """Type; the moment at which that was done."""
        os.write(self.fd, keys.encode())
        return self.now()

    def leave(self) -> None:
        """Quit as a person does: the worker that waits ends too, which would go on loading torch
        on a core that the next measurement needs."""
        self.press("q")
        self.read(5)

    def draw(self) -> Iterator[float]:
        """Put what arrived on the screen, chunk by chunk; the time of each."""
        while self._drawn < len(self.chunks):
            at, data = self.chunks[self._drawn]
            self._drawn += 1
            self._stream.feed(data)
            yield at

    def painted(self) -> float:
        """When the screen first held something to look at."""
        for at in self.draw():
            if sum(not c.isspace() for row in self.screen.display for c in row) >= CELLS:
                return at
        raise AssertionError("it painted nothing")

    def used(self) -> tuple[float, float]:
        """Seconds of processor time and resident megabytes of the program and its children in this
        session; a worker has one of its own."""
        ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
        seconds = megabytes = 0.0
        for place in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = place.read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            if int(fields[3]) == self.process.pid:
                seconds += sum(map(int, fields[11:15])) / ticks
                megabytes += int(fields[21]) * page / 2**20
        return seconds, megabytes

    def _take(self, end: float) -> bool:
        """One read, waiting until ``end`` at most; False where the program has ended."""
        size = 1 << 16
        if self.rate is not None:
            time.sleep(0.005)
            now = self.now()
            self._allowed = min(self._allowed + (now - self._last) * self.rate, self.rate / 20)
            self._last, size = now, int(self._allowed)
            if size < 1:
                return True
        if not select.select([self.fd], [], [], max(0.0, min(0.05, end - self.now())))[0]:
            return True
        try:
            data = os.read(self.fd, size)
        except OSError:
            return False
        self._allowed -= len(data)
        self.chunks.append((self.now(), data))
        for question, answer in self.answers.items():
            if question in data:
                os.write(self.fd, answer)
        return bool(data)


@contextmanager
def metered(
    command: Sequence[str],
    columns: int,
    rows: int,
    env: Mapping[str, str],
    rate: float | None = None,
    answers: Mapping[bytes, bytes] | None = None,
    cell: tuple[int, int] = (0, 0),
) -> Iterator[Meter]:
    """Run a command on a terminal of this size; it is ended when this is left. ``answers`` are
    beside those that every terminal gives; ``cell`` its pixels across and down."""
    fd, theirs = pty.openpty()
    pixels = columns * cell[0], rows * cell[1]
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, *pixels))
    settings = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
    begun = time.monotonic()
    process = subprocess.Popen(
        list(command),
        env={**env, **settings},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    try:
        own = dict(answers or {})  # which come first
        said = own | {asked: said for asked, said in ANSWERS.items() if asked not in own}
        yield Meter(process, fd, pyte.Screen(columns, rows), rate, begun, said)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(fd)
