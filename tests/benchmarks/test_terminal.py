"""The meter of what a screen costs reads what it says it reads."""

from __future__ import annotations

import os
import sys

import pytest

from tests.benchmarks.meter import metered
from tests.benchmarks.terminal import Row

PAINTS = "import time; time.sleep(0.2); print('x' * 300, flush=True); input(); print('y' * 3000)"


def test_a_screen_is_painted_when_there_is_something_on_it() -> None:
    with metered([sys.executable, "-c", PAINTS], 80, 24, os.environ) as meter:
        meter.read(30, lambda: meter.received >= 300)
        assert meter.painted() > 0.2
        before = meter.used()
        assert before[1] > 1
        meter.press("\n")
        meter.read(30, lambda: meter.received > 3300)
        last = meter.quiet(0.1, 10)
        assert last == meter.chunks[-1][0]
        for _ in meter.draw():
            pass
        assert "y" * 80 in meter.screen.display


def test_a_slow_line_carries_no_more_than_it_can() -> None:
    with metered([sys.executable, "-c", "print('z' * 4000)"], 80, 24, os.environ, 10_000) as meter:
        meter.read(30, lambda: meter.received > 4000)
        sizes = [len(data) for _, data in meter.chunks]
        assert max(sizes) <= 500
        took = meter.chunks[-1][0] - meter.chunks[0][0]
        assert took >= (sum(sizes) - sizes[0] - 500) / 10_000


def test_what_is_over_its_budget_says_so() -> None:
    assert str(Row("memory", 90.1, 90, "MB")).endswith("OVER")
    assert str(Row("memory", 90.0, 90, "MB")).endswith("ok")


@pytest.mark.parametrize("question", [b"\\x1b[6n", b"\\x1b[c"])
def test_the_terminal_answers(question: bytes) -> None:
    asks = f"import sys; sys.stdout.write('{question.decode()}'); sys.stdout.flush(); input()"
    with metered([sys.executable, "-c", asks], 80, 24, os.environ) as meter:
        meter.read(30, lambda: b"^[[" in b"".join(data for _, data in meter.chunks))
        assert b"^[[" in b"".join(data for _, data in meter.chunks)
