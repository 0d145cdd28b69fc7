"""A run that waits in a queue: who may say so, and what that means to whoever comes next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tuiwb.base.clock import FrozenClock
from tuiwb.base.errors import UserError
from tuiwb.run import queued
from tuiwb.run.create import create
from tuiwb.run.elsewhere import refuse_elsewhere
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.listing import list_runs
from tuiwb.run.lock import WorkerLock, holder
from tuiwb.run.meta import read_meta
from tuiwb.run.reader import RunReader
from tuiwb.run.resuming import trained, was_alive
from tuiwb.run.view import RunView
from tuiwb.spec import resolve


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    return RunPaths(create(tmp_path, resolve("mlp-digits")))


def view(paths: RunPaths, later: float = 0.0) -> RunView:
    with RunReader(paths.root, FrozenClock(read_meta(paths)[0]["created"] + later)) as reader:
        return reader.poll(None)


def test_it_may_wait_for_weeks(paths: RunPaths) -> None:
    assert queued.enter(paths, "42", new=True) and queued.job_of(paths) == "42"
    found = view(paths, later=1e6)
    assert found.status.words == "queued (Slurm job 42)" and not found.status.ended_now
    (listed,) = list_runs(paths.root.parent)
    assert (listed.state, listed.live) == ("queued", True)
    assert not trained(found) and was_alive(found) is None  # its first worker begins from the seed


def test_a_worker_that_was_faster_speaks_for_itself(paths: RunPaths) -> None:
    with WorkerLock(paths.lock), Journal(paths.journal) as journal:
        journal.write("state", state="training")
        assert not queued.enter(paths, "42", new=True)
        with pytest.raises(UserError, match="being trained"):
            queued.leave(paths, "never mind")
    assert not queued.enter(paths, "42", new=True)  # it has come and gone
    assert queued.job_of(paths) == ""


@pytest.mark.parametrize("job", ["--user=me", "12; rm", "", "٣", None, 7])
def test_what_is_no_job_is_none(paths: RunPaths, job: object) -> None:
    with Journal(paths.journal) as journal:
        journal.write("state", state="queued", doing="a stranger's", job=job)
    assert queued.job_of(paths) == "" and view(paths).status.state == "queued"


def test_to_wait_is_not_to_train(paths: RunPaths) -> None:
    """The time in the queue counts for nothing, before the first life and between two."""
    clock = FrozenClock(read_meta(paths)[0]["created"])
    with Journal(paths.journal, clock) as journal:
        for wait in (1000.0, 5000.0):
            alive = was_alive(view(paths))
            journal.write("state", state="queued", doing="Slurm job 42", job="42")
            clock.advance(wait)
            assert was_alive(view(paths)) == alive
            journal.write("state", state="starting")
            if alive is not None:
                journal.write("resumed", 0, from_step=0, idle_s=clock.now() - alive)
            clock.advance(60.0)
            journal.write("state", state="stopped")
    assert view(paths).status.took == pytest.approx(120.0)


def test_the_next_worker_may_be_on_another_machine(paths: RunPaths) -> None:
    with WorkerLock(paths.lock), Journal(paths.journal) as journal:
        journal.write("state", state="training")
    signed = json.loads(paths.lock.read_text())
    paths.lock.write_text(json.dumps({**signed, "host": "another-node"}))
    with pytest.raises(UserError, match="on another machine"):
        refuse_elsewhere(paths)
    assert queued.enter(paths, "42")
    refuse_elsewhere(paths)
    held = holder(paths.lock)
    assert held is not None and held.host == "another-node"  # who trained it last is still told
