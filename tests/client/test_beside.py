"""Several runs followed at once: what is left out is told, and nobody waits for a busy one."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.recorded import record
from tests.tui.recorder import Recorder
from tuiwb.base.clock import FrozenClock
from tuiwb.client.beside import MOST, SELDOM, Beside
from tuiwb.run.reader import RunReader
from tuiwb.run.view import RunView


def test_what_cannot_be_shown_is_told_and_the_rest_is_shown(tmp_path: Path) -> None:
    paths = [record(tmp_path, steps=2, name=f"run-{n:02}") for n in range(MOST + 1)]
    (tmp_path / "empty").mkdir()
    beside = Beside([tmp_path / "empty", paths[0], tmp_path / "." / "run-00", *paths[1:]])
    views = beside.poll(None)
    told = dict(beside.left_out)
    assert list(views) == [f"run-{n:02}" for n in range(MOST - 1)]
    assert told["run-00"] == "named twice, shown once"
    assert told["run-19"] == told["run-20"] == f"{MOST} runs at most"
    assert "the folder is empty" in told["empty"]
    beside.close()


def test_runs_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    paths = [record(tmp_path / folder, steps=2, name="same") for folder in ("a", "b")]
    assert list(Beside(paths).poll(None)) == [str(path) for path in paths]


def test_nothing_new_is_the_same_object_and_a_deleted_run_stays_with_what_was_seen(
    tmp_path: Path,
) -> None:
    one, two = (Recorder(tmp_path, name).start().train(5) for name in ("one", "two"))
    beside = Beside([one.paths.root, two.paths.root], one.clock)
    first = beside.poll(None)
    assert beside.poll(None) is first
    one.train(3)
    second = beside.poll(None)
    assert second is not first and second["two"] is first["two"]
    two.release()
    shutil.rmtree(two.paths.root)
    gone = beside.poll(None)["two"]
    assert "its folder is gone" in gone.status.words and gone.table("steps").rows == 5
    one.release()


@pytest.fixture
def polled(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each run was read."""
    counts: Counter[str] = Counter()
    poll = RunReader.poll

    def counted(self: RunReader, budget_s: float | None = 0.05) -> RunView:
        counts[self.paths.id] += 1
        return poll(self, budget_s)

    monkeypatch.setattr(RunReader, "poll", counted)
    return counts


def test_runs_that_are_over_or_out_of_sight_are_read_less_often(
    tmp_path: Path, polled: Counter[str]
) -> None:
    live = [Recorder(tmp_path, name).start().train(3) for name in ("seen", "hidden")]
    over = record(tmp_path, steps=3, name="over")
    beside = Beside([*(one.paths.root for one in live), over], live[0].clock)
    beside.poll(None)
    polled.clear()
    for _ in range(3 * SELDOM):
        beside.poll(None, {"hidden"})
    assert polled == {"seen": 3 * SELDOM, "hidden": 3, "over": 3}
    for one in live:
        one.release()


def test_where_time_is_short_every_run_has_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FrozenClock(1e9)
    live = [Recorder(tmp_path, f"run-{n}").start().train(2) for n in range(5)]
    turns: list[str] = []
    poll = RunReader.poll

    def slow(self: RunReader, budget_s: float | None = 0.05) -> RunView:
        turns.append(self.paths.id)
        view = poll(self, None)
        clock.advance(1.0)
        return view

    monkeypatch.setattr(RunReader, "poll", slow)
    beside = Beside([one.paths.root for one in live], clock)
    for number in range(10):
        views = beside.poll(0.05)
        assert len(turns) == number + 1, "one is read in every poll, however short the time"
        assert beside.behind is (len(views) < 5)
    assert Counter(turns) == {f"run-{n}": 2 for n in range(5)}
    for one in live:
        one.release()
