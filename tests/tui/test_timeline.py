"""Where steps stand on a shared axis: time in training alone, epochs, and back again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.client.test_compare import forked
from tests.tui.recorder import Recorder
from tuiwb.api import open_run
from tuiwb.run.schema import dtype_steps
from tuiwb.run.table import TableWriter
from tuiwb.run.view import RunView
from tuiwb.tui.comparing.timeline import timeline


def stretches(folder: Path, *parts: tuple[range, float, float]) -> RunView:
    """A run of several processes: their steps, when each began, seconds a step."""
    made = Recorder(folder, "run").start()
    made.release()
    for steps, began, each in parts:
        with TableWriter(made.paths.tables, "steps", dtype_steps()) as table:
            rows = np.zeros(len(steps), dtype_steps())
            rows["step"], rows["time"] = steps, began + each * np.arange(len(steps))
            table.append(rows)
    return open_run(made.paths.root)


def places(view: RunView, *steps: float) -> list[float]:
    line = timeline(view, "time")
    assert line is not None
    return [round(float(x), 3) for x in line.at(np.array(steps))]


def test_what_lies_between_two_processes_is_no_training(tmp_path: Path) -> None:
    view = stretches(tmp_path, (range(1, 11), 1e9, 1.0), (range(11, 21), 1e9 + 86_400, 2.0))
    assert places(view, 1, 10, 11, 20) == [0.0, 9.0, 9.0, 27.0]


def test_many_rows_are_placed_as_few_are(tmp_path: Path) -> None:
    view = stretches(
        tmp_path, (range(1, 4001), 1e9, 0.5), (range(4001, 9001), 2e9, 0.25)
    )  # more than the axis is measured at
    wanted = [0.0, 999.5, 1999.5, 1999.5, 2624.5, 3249.25]
    found = places(view, 1, 2000, 4000, 4001, 6501, 9000)
    np.testing.assert_allclose(found, wanted, atol=12.0)
    line = timeline(view, "time")
    assert line is not None
    steps = np.array([1.0, 777.0, 3500.0, 8000.0])
    np.testing.assert_allclose(line.back(line.at(steps)), steps, atol=1.0)


def test_a_clock_that_was_set_back_moves_no_step_before_another(tmp_path: Path) -> None:
    view = stretches(tmp_path, (range(1, 11), 1e9, 1.0), (range(11, 21), 1e9 - 500, 1.0))
    found = places(view, *range(1, 21))
    assert found == sorted(found) and found[9] == 9.0


def test_a_clock_set_back_within_a_process_keeps_what_was_before(tmp_path: Path) -> None:
    made = Recorder(tmp_path, "run").start().train(100)
    made.clock.advance(-3_000)
    view = open_run(made.train(100).end().paths.root)
    assert places(view, 1, 50, 100, 200) == [0.0, 0.98, 1.98, 1.98]


def test_a_fork_goes_on_where_its_parent_was(tmp_path: Path) -> None:
    from tests.cli.recorded import record

    parent = record(tmp_path, name="parent", state="stopped")
    child = open_run(forked(parent, 60, "child"))
    mother = open_run(parent)
    assert places(child, 20, 60) == places(mother, 20, 60)


def test_epochs_where_they_are_known_and_none_where_no_step_was_taken(tmp_path: Path) -> None:
    made = Recorder(tmp_path, "run").start()
    view = open_run(made.paths.root)
    line = timeline(view, "epoch")
    assert timeline(view, "time") is None
    assert line is not None  # 1347 samples in batches of 64
    assert line.at(np.array([21.0, 42.0])).tolist() == [1.0, 2.0]
    made.release()
