"""The command line on a real terminal: the line that redraws itself, Ctrl-C, and being tiny."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyte
import pytest

from tests.cli.conftest import ROOT, Tuiwb
from tuiwb.api import open_run

GIVE_UP = 60.0


class Terminal:
    """A program on a pseudo-terminal, and the screen that it draws there."""

    def __init__(self, process: subprocess.Popen[bytes], fd: int, columns: int, rows: int) -> None:
        self.process, self.fd = process, fd
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.text = ""

    def until(self, words: str) -> None:
        """Read until ``words`` have been written."""
        give_up = time.monotonic() + GIVE_UP
        while words not in self.text:
            assert time.monotonic() < give_up, f"never came: {words!r} in {self.text[-500:]!r}"
            if not self._read():
                assert words in self.text, f"ended without {words!r}: {self.text[-500:]!r}"

    def type(self, keys: str) -> None:
        self.text = ""
        os.write(self.fd, keys.encode())

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        return self.process.wait(GIVE_UP)

    def _read(self) -> bool:
        if not select.select([self.fd], [], [], GIVE_UP)[0]:
            raise AssertionError("silence")
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:  # the other side has closed
            return False
        self._stream.feed(data)
        self.text += data.decode(errors="replace")
        return bool(data)


@contextmanager
def terminal(
    *arguments: str, cwd: Path, columns: int = 80, rows: int = 24, term: str = "xterm-256color"
) -> Iterator[Terminal]:
    fd, other_end = pty.openpty()
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE_THE_TERMINAL, "-m", "tuiwb", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": term, "LC_ALL": "C.UTF-8"},
        stdin=other_end,
        stdout=other_end,
        stderr=other_end,
        start_new_session=True,
    )
    os.close(other_end)
    try:
        yield Terminal(process, fd, columns, rows)
    finally:
        os.close(fd)
        process.kill()
        process.wait()


TAKE_THE_TERMINAL = """
import fcntl, os, signal, sys, termios
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    signal.signal(number, signal.SIG_DFL)  # as in a terminal, however these tests were started
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # Ctrl-C is a signal only on a terminal that is one's own
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
LONG = ("-s", "train.steps=1000000", "-s", "train.eval_every=0", "--device", "cpu")
SHORT = ("-s", "train.steps=40", "-s", "train.eval_every=20", "--device", "cpu")


@pytest.mark.slow
def test_ctrl_c_asks_and_does_as_it_is_told(tuiwb: Tuiwb, tmp_path: Path) -> None:
    command = ("run", "mlp-digits", *LONG, "--name", "it", "--runs", str(tmp_path))
    with terminal(*command, cwd=tmp_path) as screen:
        screen.until("ETA")
        screen.type("\x03")
        screen.until("[d]etach")
        screen.type("c\n")
        screen.until("ETA")
        screen.type("\x03")
        screen.until("[d]etach")
        screen.type("d\n")
        assert screen.end() == 130
    assert "training goes on" in screen.text
    assert open_run(tmp_path / "it").status.state == "training"
    assert tuiwb("ctl", "it", "stop", "--runs", tmp_path).returncode == 0


@pytest.mark.slow
def test_a_tiny_terminal_will_do(tmp_path: Path) -> None:
    command = ("run", "mlp-digits", *SHORT, "--runs", str(tmp_path))
    with terminal(*command, cwd=tmp_path, columns=20, rows=5, term="xterm") as screen:
        assert screen.end() == 0
    assert "finished at step 40" in screen.text
    assert "step" in screen.screen.display[-2] + screen.screen.display[-1]


@pytest.mark.parametrize("term", ["dumb", ""])
def test_the_workbench_on_a_terminal_that_cannot_draw(term: str, tmp_path: Path) -> None:
    with terminal(cwd=tmp_path, term=term) as screen:
        assert screen.end() == 2
    assert "cannot be drawn here" in screen.text
    assert "Traceback" not in screen.text
