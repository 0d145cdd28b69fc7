"""A run in three lives: which of its rows and events count, and how long it took."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuiwb.base.clock import FrozenClock
from tuiwb.base.errors import UserError
from tuiwb.run.create import create
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.meta import read_meta
from tuiwb.run.reader import RunReader
from tuiwb.run.resuming import can_be_resumed, refuse_finished, refuse_watched, trained, words
from tuiwb.run.schema import dtype_evals, dtype_histograms, dtype_layers, dtype_steps
from tuiwb.run.table import TableWriter, segments
from tuiwb.run.view import RunView
from tuiwb.spec import resolve

DTYPES = {
    "steps": dtype_steps(),
    "evals": dtype_evals(["val_loss"]),
    "layers": dtype_layers(2),
    "histograms": dtype_histograms(2, 4),
}
EVERY = {"steps": 1, "evals": 40, "layers": 7, "histograms": 21}
"""Steps between rows."""


class Lives:
    """A run whose worker lives again and again; each life's rows say so in their time."""

    def __init__(self, runs: Path) -> None:
        self.paths = RunPaths(create(runs, resolve("mlp-digits")))
        self.clock = FrozenClock(read_meta(self.paths)[0]["created"])
        self.journal = Journal(self.paths.journal, self.clock)
        self.journal.write("state", state="starting")
        self.journal.write("state", state="training")
        self.life = 1

    def resume(self, step: int, idle: float = 0.0) -> Lives:
        self.clock.advance(idle)
        numbers = {name: max(of) + 1 for name, of in segments(self.paths.tables).items()}
        self.journal.write("state", state="starting")
        self.journal.write("resumed", step, from_step=step, segments=numbers, idle_s=idle)
        self.life += 1
        return self

    def train(self, begin: int, end: int, **every: int) -> Lives:
        for name, dtype in DTYPES.items():
            stride = (EVERY | every)[name]
            rows = np.zeros(len(range(begin, end + 1)), dtype)
            rows["step"], rows["time"] = range(begin, end + 1), self.life
            with TableWriter(self.paths.tables, name, dtype) as table:
                table.append(rows[rows["step"] % stride == 0])
        self.clock.advance(end - begin)
        for step in range(begin, end + 1):
            if step % (EVERY | every)["evals"] == 0:
                self.journal.write("evaluation", step, metrics={"val_loss": step}, best=True)
        return self

    def view(self) -> RunView:
        with RunReader(self.paths.root, self.clock) as reader:
            return reader.poll(None)


@pytest.mark.parametrize("name", DTYPES)
def test_three_segments_show_every_step_once_as_it_was_trained_last(
    tmp_path: Path, name: str
) -> None:
    lives = Lives(tmp_path).train(1, 300).resume(200).train(201, 260).resume(120).train(121, 400)
    table = lives.view().table(name)
    rows = table.read(0, table.rows)
    assert rows["step"].tolist() == [s for s in range(1, 401) if s % EVERY[name] == 0]
    assert (rows["time"] == np.where(rows["step"] <= 120, 1, 3)).all()


@pytest.mark.parametrize("name", DTYPES)
def test_rows_past_the_checkpoint_are_passed_by_before_there_are_new_ones(
    tmp_path: Path, name: str
) -> None:
    lives = Lives(tmp_path).train(1, 300).resume(200).train(201, 260).resume(120)
    table = lives.view().table(name)
    rows = table.read(0, table.rows)
    assert rows["step"].tolist() == [s for s in range(1, 121) if s % EVERY[name] == 0]


@pytest.mark.parametrize("name", ["evals", "layers", "histograms"])
def test_rows_of_another_pace_leave_none_of_the_old_between_them(tmp_path: Path, name: str) -> None:
    """The first new row comes late: what the life before measured until there is not shown."""
    lives = Lives(tmp_path).train(1, 300).resume(100).train(101, 300, **{name: 150})
    table = lives.view().table(name)
    steps = table.read(0, table.rows)["step"].tolist()
    assert steps == [s for s in range(1, 101) if s % EVERY[name] == 0] + [150, 300]


def test_from_step_zero_nothing_of_before_is_shown(tmp_path: Path) -> None:
    lives = Lives(tmp_path).train(1, 50).resume(0)
    assert all(table.rows == 0 for table in lives.view().tables.values())
    assert lives.view().status.step == 0
    lives.train(1, 20)
    assert lives.view().table("steps").rows == 20


def test_evaluations_past_the_checkpoint_are_not_the_last_ones(tmp_path: Path) -> None:
    lives = Lives(tmp_path).train(1, 300)
    assert lives.view().metrics == {"val_loss": 280}
    lives.resume(200)
    view = lives.view()
    assert view.metrics == {"val_loss": 200}
    assert [e["step"] for e in view.events if e["kind"] == "evaluation"] == [40, 80, 120, 160, 200]
    lives.train(201, 250)
    assert lives.view().metrics == {"val_loss": 240}


def test_the_time_between_lives_is_not_the_runs(tmp_path: Path) -> None:
    lives = Lives(tmp_path)
    lives.train(1, 101).resume(50, idle=36_000.0).train(51, 151)
    lives.journal.write("state", 151, state="finished")
    status = lives.view().status
    assert status.idle == 36_000
    assert status.took == pytest.approx(200.0)
    assert status.started is not None
    assert status.begun == status.started + 100 + 36_000


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"from_step": -1},
        {"from_step": "100"},
        {"from_step": None, "segments": {"steps": 1}},
        {"from_step": 10_000, "segments": "all", "idle_s": "long"},
        {"from_step": 10_000, "segments": {"steps": "one", 3: 4}, "idle_s": -5},
    ],
)
def test_a_strangers_event_hides_nothing(tmp_path: Path, odd: dict[str, Any]) -> None:
    lives = Lives(tmp_path).train(1, 100)
    lives.journal.write("resumed", **odd)
    view = lives.view()
    assert view.table("steps").rows == 100 and view.status.idle == 0
    assert view.metrics == {"val_loss": 80}


@pytest.mark.parametrize(
    ("end", "possible"),
    [("stopped", True), ("failed", True), ("diverged", True), ("finished", False), ("", False)],
)
def test_which_runs_can_be_resumed(tmp_path: Path, end: str, possible: bool) -> None:
    lives = Lives(tmp_path).train(1, 100)
    if end:
        lives.journal.write("state", 100, state=end)
    view = lives.view()
    assert trained(view)
    if end:
        assert can_be_resumed(view) is possible
    if end == "finished":
        with pytest.raises(UserError, match="tuiwb fork mlp-digits-0001 --at 100"):
            refuse_finished(view)
    else:
        refuse_finished(view)
    refuse_watched(view)


def test_a_new_run_has_not_been_trained(tmp_path: Path) -> None:
    path = create(tmp_path, resolve("mlp-digits"))
    with RunReader(path) as reader:
        assert not trained(reader.poll(None))


def test_a_loop_of_ones_own_is_refused(tmp_path: Path) -> None:
    from tuiwb.run.create import create_watched

    path = create_watched(tmp_path, "mine", {}, "log")
    with RunReader(path) as reader, pytest.raises(UserError, match="a loop of your own"):
        refuse_watched(reader.poll(None))


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"from_step": 1000, "rows_again": 0}, "goes on from step 1 000"),
        ({"from_step": 5, "rows_again": 1}, "goes on from step 5; 1 step is trained again"),
        ({"from_step": 5, "rows_again": 12}, "goes on from step 5; 12 steps are trained again"),
        ({"from_step": None, "rows_again": "x"}, "goes on from step ?"),
    ],
)
def test_the_words(event: dict[str, Any], said: str) -> None:
    assert words(event) == said
