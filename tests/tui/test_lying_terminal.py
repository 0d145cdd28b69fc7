"""Terminals that say something untrue of their size or colours: the workbench comes up and goes."""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import termios
from pathlib import Path

import pytest

from tests.benchmarks.meter import metered


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "told"),
    [
        ((80, 24), {"COLUMNS": "-3", "LINES": "many"}),
        ((80, 24), {"COLORTERM": "nonsense", "NO_COLOR": "1"}),
        ((0, 0), {"TERM": "xterm"}),
        ((80, 24), {"TERM": "linux", "COLUMNS": "100000", "LINES": "0"}),
    ],
)
def test_it_lies(size: tuple[int, int], told: dict[str, str], tmp_path: Path) -> None:
    env = {**os.environ, "TUIWB_RUNS": str(tmp_path / "runs"), **told}
    with metered([sys.executable, "-m", "tuiwb"], 80, 24, env) as meter:
        fcntl.ioctl(meter.fd, termios.TIOCSWINSZ, struct.pack("HHHH", *reversed(size), 0, 0))
        meter.read(60, lambda: meter.received > 2000)
        meter.press("q")
        meter.read(60, lambda: meter.process.poll() is not None)
        written = b"".join(data for _, data in meter.chunks)
        assert b"Traceback" not in written
        assert b"\x1b[?1049l" in written  # the screen is given back
        assert meter.process.wait(60) == 0
