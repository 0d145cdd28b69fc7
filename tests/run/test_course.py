"""The course of a loss in a few numbers, from the segments of a table."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from tests.tui.recorder import Recorder
from tuiwb.run.course import PLACES, losses
from tuiwb.run.schema import dtype_steps
from tuiwb.run.table import TableWriter


def filled(folder: Path, *counts: int) -> Path:
    """A run whose loss is the number of its step, in segments of so many rows."""
    made = Recorder(folder, "run").release()
    step = 0
    for count in counts:
        with TableWriter(made.paths.tables, "steps", dtype_steps()) as table:
            rows = np.zeros(count, dtype_steps())
            rows["step"] = rows["loss"] = np.arange(step + 1, step + count + 1)
            table.append(rows)
        step += count
    return made.paths.root


def test_short_tables_are_told_whole_and_long_ones_evenly(tmp_path: Path) -> None:
    assert losses(filled(tmp_path / "a", 3, 2)) == (1.0, 2.0, 3.0, 4.0, 5.0)
    told = losses(filled(tmp_path / "b", 500, 500))
    assert len(told) == PLACES and told[-1] == 1000.0
    steps = np.diff([one for one in told if one is not None])
    assert steps.min() >= 31 and steps.max() <= 32


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    path = filled(tmp_path, 4, 4)
    first = sorted((path / "tables").glob("steps.*.npy"))[1]
    first.write_bytes(b"\x93NUMPY\x01\x00")
    assert len(losses(path)) == 4
    assert losses(tmp_path / "nothing") == ()


def test_a_loss_that_was_not_finite_stays_so(tmp_path: Path) -> None:
    made = Recorder(tmp_path, "run").release()
    with TableWriter(made.paths.tables, "steps", dtype_steps()) as table:
        rows = np.zeros(2, dtype_steps())
        rows["loss"] = (1.0, np.nan)
        table.append(rows)
    one, two = losses(made.paths.root)
    assert one == 1.0 and two is not None and math.isnan(two)
