"""A minute of torture, and that the witness sees what it is there to see."""

from __future__ import annotations

import random
import time
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.torture import Torturer
from tests.benchmarks.witness import SAME, account


def steps(*numbers: int, loss: float = 1.0) -> np.ndarray:
    rows = np.zeros(len(numbers), [("step", "<i8"), *((name, "<f4") for name in SAME)])
    rows["step"], rows["loss"] = numbers, loss
    return rows


def test_a_missing_row_is_seen() -> None:
    assert account(steps(1, 2, 4), steps(1, 2, 3, 4, 5)).missing == 1


def test_rows_that_went_back_are_seen() -> None:
    assert account(steps(1, 2), steps(1, 2, 3, 4, 5), at_least=4).missing == 2


def test_a_doubled_row_is_seen() -> None:
    assert account(steps(1, 2, 2, 3), steps(1, 2, 3)).doubled == 1


def test_another_bit_is_seen() -> None:
    found = steps(1, 2, 3)
    found["loss"][1] = np.nextafter(np.float32(1), np.float32(2))
    assert account(found, steps(1, 2, 3)).wrong == 1


def test_a_row_past_the_end_is_seen() -> None:
    assert account(steps(1, 2, 3, 4), steps(1, 2, 3)).wrong == 1


@pytest.mark.slow
def test_a_run_survives(tmp_path: Path) -> None:
    torturer = Torturer(tmp_path, None, random.Random(3))
    try:
        torturer.in_peace("mlp-digits")
        torturer.torture("mlp-digits", until=time.monotonic() + 20)
    finally:
        torturer.close()
    tally = torturer.tally
    assert tally.total and tally.exact
    assert (tally.lost, tally.unopened, tally.trouble) == (0, 0, [])
