"""The benchmark of scale measures what it says, on a little."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import readers, runs, scale, sweeps, tables


def test_a_table_is_written_and_drawn() -> None:
    found = tables.measure(3000)
    assert found.rows == 3000 and 0.1 < found.megabytes < 0.3
    assert min(found.row, found.first, found.grown, found.zoomed, found.last) > 0
    assert "3,000 rows" in str(found)


def test_runs_are_listed_and_followed(tmp_path: Path) -> None:
    runs.make(tmp_path / "runs", 12)
    assert scale.listed(tmp_path / "runs").startswith("12 runs: listed in ")
    assert scale.followed(tmp_path / "runs", 8).startswith("8 runs followed at a time: ")


def test_a_sweep_is_conducted_taken_up_and_read() -> None:
    found = sweeps.measure("random", 20)
    assert found.trials == 20 and found.bytes > 100 and found.milliseconds > 0 < found.last
    assert found.best is not None


@pytest.mark.slow
def test_readers_read_what_is_trained() -> None:
    found = readers.measure(3, 0.6)
    assert found.looks >= 3 and min(found.alone, found.read, found.look, found.late) > 0
