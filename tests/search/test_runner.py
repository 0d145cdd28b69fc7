"""A trial is seen through what its run has written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.recorded import record
from tests.search.synthetic import asked, begin
from tuiwb.api import open_run
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.search.runner import Runs, Seen, seen


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    paths = begin(tmp_path, asked(), "wide")
    made = Runs(paths, asked(), "uid")
    yield made
    made.forget(1)


def look(runs: Path, **fields: object) -> Seen:
    return seen(open_run(record(runs, **fields)), "val_loss")  # type: ignore[arg-type]


def stopped(folder: Path, by: str) -> Seen:
    path = record(folder, state="training")
    with Journal(RunPaths(path).journal) as journal:
        journal.write("command", 9, id=None, command="stop", args={}, by=by, accepted=True)
        journal.write("state", 9, state="stopped", reason="asked")
    return seen(open_run(path), "val_loss")


class Warming:
    """A standby that is warm, or has died, when it is told so."""

    def __init__(self) -> None:
        self.alive = self.ready = False
        self.started = 0

    def start(self) -> None:
        self.alive, self.ready, self.started = True, False, self.started + 1


def test_trials_wait_for_a_process_that_warms_up_but_not_for_one_that_cannot(
    tmp_path: Path,
) -> None:
    warming = Warming()
    runs = Runs(begin(tmp_path, asked()), asked(), "uid", standby=warming)  # type: ignore[arg-type]
    assert not runs.ready() and not runs.ready() and warming.started == 1
    warming.ready = True
    assert runs.ready()
    warming.alive = warming.ready = False  # killed: another one is warmed up
    assert not runs.ready() and warming.started == 2
    warming.alive = False  # and that one never becomes warm
    assert runs.ready() and runs.ready() and warming.started == 2


def test_what_it_evaluates_is_told_and_what_it_ends_at(tmp_path: Path) -> None:
    found = look(tmp_path)
    assert [(step, round(value, 6)) for step, value in found.values] == [(1, 2.3), (100, 0.1)]
    assert found.result == 0.1 and found.over
    assert found.known is not None and {"val_loss", "loss"} <= set(found.known)
    assert not {"step", "time"} & set(found.known)


def test_of_the_steps_those_at_an_evaluation_are_told(tmp_path: Path) -> None:
    found = seen(open_run(record(tmp_path)), "loss")
    assert [(step, round(value, 4)) for step, value in found.values] == [(1, 2.3), (100, 0.23)]
    assert list(seen(open_run(record(tmp_path)), "nothing").values) == []


def test_a_later_look_tells_what_is_new(tmp_path: Path, runs: Runs) -> None:
    record(tmp_path, name="wide-0001")
    assert [step for step, _ in runs.look(1).values] == [1, 100]
    assert list(runs.look(1).values) == [] and runs.look(1).result == 0.1
    runs.forget(1)
    assert [step for step, _ in runs.look(1).values] == [1, 100]


def test_who_stopped_it_makes_the_difference(tmp_path: Path) -> None:
    assert stopped(tmp_path, "SIGUSR1").left and stopped(tmp_path, "SIGTERM").left
    assert not stopped(tmp_path, "cli").left
    assert not look(tmp_path, state="training").left


def test_a_disk_that_took_no_more_is_told(tmp_path: Path) -> None:
    path = record(tmp_path, state="training")
    with Journal(RunPaths(path).journal) as journal:
        journal.write("error", 9, what="the disk took no more: No space left on device")
        journal.write("state", 9, state="stopped", reason="the disk took no more")
    found = seen(open_run(path), "val_loss")
    assert found.hindered == "the disk took no more: No space left on device"
    assert not look(tmp_path).hindered
