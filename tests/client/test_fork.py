"""Forking and repeating runs, with a stand-in for the worker: what is made, and what is refused."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tuiwb.base.errors import UserError
from tuiwb.client.fork import fork, prepare
from tuiwb.client.replay import interventions, replay
from tuiwb.run import schedule
from tuiwb.run.create import create, create_watched
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.meta import read_meta
from tuiwb.run.reader import RunReader
from tuiwb.run.schema import dtype_steps
from tuiwb.run.table import TableWriter
from tuiwb.run.view import RunView
from tuiwb.run.world import World, world_of
from tuiwb.spec import resolve

Fake = Callable[[str], list[str]]


def recorded(runs: Path, *steps: int, state: str | None = "stopped", last: int = 100) -> RunPaths:
    """A run of 100 planned steps with checkpoints at ``steps``; the rate was set at 25 and 55."""
    spec = resolve("mlp-digits", ["train.steps=100", "optim.lr=0.01"])
    paths = RunPaths(create(runs, spec, name="parent", folder=runs.parent))
    with Journal(paths.journal) as journal:
        journal.write("state", state="training")
        for step, lr in ((25, 0.005), (55, 0.001)):
            journal.write(
                "command", step, command="set", args={"optim.lr": lr}, by="cli", accepted=True
            )
        if state:
            journal.write("state", last, state=state)
    with TableWriter(paths.tables, "steps", dtype_steps()) as table:
        rows = np.zeros(last, dtype_steps())
        rows["step"] = np.arange(1, last + 1)
        table.append(rows)
    for step in steps:
        folder = paths.checkpoint(step)
        folder.mkdir()
        (folder / "state.pt").write_bytes(b"%d" % step)
        (folder / "sha256").write_text(hashlib.sha256(b"%d" % step).hexdigest())
    return paths


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def left_behind(runs: Path) -> list[str]:
    return sorted(path.name for path in runs.iterdir() if path.name not in (".index", "parent"))


def view(path: Path) -> RunView:
    with RunReader(path) as reader:
        return reader.poll(None)


def test_a_child_has_the_knobs_that_were_in_force_and_those_that_were_asked(
    runs: Path, fake: Fake
) -> None:
    parent = recorded(runs, 20, 40, 60)
    child = fork(
        prepare(parent.root, 40), runs, ["data.batch_size=8"], name="kid", command=fake("silent")
    )
    found = view(child)
    assert found.spec is not None
    assert (found.spec.get("optim.lr"), found.spec.get("data.batch_size")) == (0.005, 8)
    assert found.spec.origins["optim.lr"] == "set in parent"
    assert found.spec.changed()["data.batch_size"] == 8
    meta = read_meta(RunPaths(child))[0]
    assert (meta["parent"]["run"], meta["parent"]["step"]) == ("parent", 40)
    assert meta["parent"]["uid"] == read_meta(parent)[0]["uid"]
    assert meta["folder"] == str(runs.parent)
    assert found.table("steps").last("step") == 40
    own = [event for event in found.events if event["kind"] == "command"]
    assert [event["step"] for event in own] == [25] and own[0]["inherited"]


@pytest.mark.parametrize(
    ("at", "before", "chosen"),
    [(40, False, 40), (59, True, 40), (60, True, 60), (9999, True, 60), (None, False, 60)],
)
def test_which_checkpoint_is_taken(runs: Path, at: int | None, before: bool, chosen: int) -> None:
    parent = recorded(runs, 20, 40, 60)
    assert prepare(parent.root, at, before=before).step == chosen


@pytest.mark.parametrize(
    ("parent", "asked", "child"),
    [
        (None, None, None),
        (World(2), None, World(2)),
        (World(2), 1, None),
        (None, 3, World(3)),
        (World(2, 2, 4, "node1:29500"), None, None),
        (World(2, 2, 4, "node1:29500"), 4, World(4)),
    ],
)
def test_a_child_has_its_parents_processes_on_one_machine_or_those_that_were_asked(
    runs: Path, fake: Fake, parent: World | None, asked: int | None, child: World | None
) -> None:
    paths = recorded(runs, 20)
    if parent is not None:
        meta = json.loads(paths.meta.read_text()) | {"ranks": parent.as_dict()}
        paths.meta.write_text(json.dumps(meta))
    made = fork(prepare(paths.root), runs, processes=asked, command=fake("short"))
    assert world_of(read_meta(RunPaths(made))[0]) == child


def test_a_step_without_a_checkpoint_names_the_nearest(runs: Path) -> None:
    parent = recorded(runs, 20, 40, 60)
    with pytest.raises(UserError) as caught:
        prepare(parent.root, 52)
    assert caught.value.allowed == "20, 40, 60"
    assert caught.value.nearest == "40 before it, 60 after it"
    assert caught.value.next == "tuiwb fork parent --at 60"


def test_a_step_past_the_end_says_how_far_the_run_came(runs: Path) -> None:
    with pytest.raises(UserError, match="it has come to step 100") as caught:
        prepare(recorded(runs, 20, 40).root, 500)
    assert caught.value.nearest == "40 before it"


def test_no_checkpoint_before_the_cursor(runs: Path) -> None:
    with pytest.raises(UserError) as caught:
        prepare(recorded(runs, 20, 40).root, 3, before=True)
    assert caught.value.nearest == "20 after it"


def test_a_run_without_checkpoints_says_how_to_write_one(runs: Path) -> None:
    with pytest.raises(UserError, match="no checkpoint to fork from") as caught:
        prepare(recorded(runs).root)
    assert "tuiwb ctl parent checkpoint" in caught.value.next


def test_a_loop_of_ones_own_cannot_be_forked_or_repeated(runs: Path) -> None:
    path = create_watched(runs, "mine", {"lr": 1})
    for ask in (lambda: prepare(path), lambda: replay(path, runs)):
        with pytest.raises(UserError) as caught:
            ask()
        assert caught.value.found == "a loop of your own"


def test_at_the_end_of_a_finished_run_there_must_be_more_to_do(runs: Path, fake: Fake) -> None:
    parent = recorded(runs, 40, 100, state="finished")
    assert prepare(parent.root).step == 40
    assert prepare(parent.root, overrides=["train.steps=200"]).step == 100
    at_end = prepare(parent.root, 100)
    with pytest.raises(UserError, match="nothing is left to train") as caught:
        fork(at_end, runs, ["optim.lr=0.1"], command=fake("silent"))
    assert "train.steps=200" in caught.value.next and "40" in caught.value.next
    assert left_behind(runs) == []
    child = fork(at_end, runs, ["train.steps=200"], command=fake("silent"))
    assert view(child).status.steps == 200


def test_fewer_steps_than_are_done(runs: Path) -> None:
    with pytest.raises(UserError, match="nothing is left to train"):
        prepare(recorded(runs, 60).root, 60).changed(["train.steps=50"])


def test_a_damaged_checkpoint_is_told_and_leaves_nothing(runs: Path, fake: Fake) -> None:
    parent = recorded(runs, 20, 40, 60)
    (parent.checkpoint(60) / "state.pt").write_bytes(b"bit rot")
    assert prepare(parent.root).step == 40, "the newest that is whole"
    with pytest.raises(UserError, match="step 60 is damaged") as caught:
        fork(prepare(parent.root, 60), runs, command=fake("silent"))
    assert "20, 40" in caught.value.next
    assert left_behind(runs) == []


@pytest.mark.parametrize("whole", [True, False])
def test_a_parent_that_goes_meanwhile(runs: Path, fake: Fake, whole: bool) -> None:
    parent = recorded(runs, 20, 40)
    prepared = prepare(parent.root, 40)
    shutil.rmtree(parent.root if whole else parent.checkpoint(40))
    with pytest.raises(UserError, match="has gone meanwhile"):
        fork(prepared, runs, command=fake("silent"))
    assert left_behind(runs) == []


def test_a_disk_that_fills_half_way_leaves_nothing(
    runs: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: TableWriter, rows: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))

    parent = recorded(runs, 40)
    prepared = prepare(parent.root)
    monkeypatch.setattr(TableWriter, "append", full)
    with pytest.raises(UserError, match="No space left on device"):
        fork(prepared, runs, command=fake("silent"))
    assert left_behind(runs) == []


def test_a_name_that_is_taken(runs: Path, fake: Fake) -> None:
    prepared = prepare(recorded(runs, 40).root)
    fork(prepared, runs, name="kid", command=fake("silent"))
    with pytest.raises(UserError, match="there is a run kid already"):
        fork(prepared, runs, name="kid", command=fake("silent"))
    assert left_behind(runs) == ["kid"]


def test_a_fork_of_a_fork_keeps_what_both_had(runs: Path, fake: Fake) -> None:
    parent = recorded(runs, 40)
    child = fork(prepare(parent.root), runs, ["optim.lr=0.5"], name="kid", command=fake("silent"))
    grandchild = fork(prepare(child), runs, name="grand", command=fake("silent"))
    found = view(grandchild)
    assert found.spec is not None and found.spec.get("optim.lr") == 0.5, "not 0.005, as once set"
    assert found.table("steps").last("step") == 40
    assert read_meta(RunPaths(grandchild))[0]["parent"]["run"] == "kid"


def test_a_replay_is_the_same_spec_with_what_was_set(runs: Path, fake: Fake) -> None:
    parent = recorded(runs, 40)
    path = replay(parent.root, runs, name="again", command=fake("silent"))
    again = RunPaths(path)
    assert again.spec.read_bytes() == parent.spec.read_bytes()
    assert schedule.read(again) == [
        {"step": 25, "command": "set", "args": {"optim.lr": 0.005}, "by": "cli"},
        {"step": 55, "command": "set", "args": {"optim.lr": 0.001}, "by": "cli"},
    ]
    assert not list(again.tables.iterdir()) and not list(again.checkpoints.iterdir())
    assert interventions(again) == schedule.read(again), "of one that has not begun: the same"


def test_a_fork_is_repeated_from_its_fork_even_where_its_own_checkpoint_went(
    runs: Path, fake: Fake
) -> None:
    parent = recorded(runs, 40)
    child = RunPaths(fork(prepare(parent.root), runs, ["optim.lr=0.5"], command=fake("silent")))
    for name in ("one", "two"):
        again = RunPaths(replay(child.root, runs, name=name, command=fake("silent")))
        assert again.spec.read_bytes() == child.spec.read_bytes()
        assert [path.name for path in again.checkpoints.iterdir()] == ["00000040"]
        assert read_meta(again)[0]["parent"] == read_meta(child)[0]["parent"]
        assert schedule.read(again) == []
        shutil.rmtree(child.checkpoint(40), ignore_errors=True)
    shutil.rmtree(parent.checkpoint(40))
    with pytest.raises(UserError, match="forked at is gone"):
        replay(child.root, runs, command=fake("silent"))


@pytest.mark.parametrize("text", ["{", "[1]", '[{"step": -1, "command": "set", "args": {}}]', "{}"])
def test_a_schedule_that_cannot_be_read_is_said(runs: Path, text: str) -> None:
    paths = recorded(runs)
    paths.schedule.write_text(text)
    with pytest.raises(UserError, match="schedule of parent cannot be read"):
        schedule.read(paths)


def test_what_is_left_of_a_schedule(runs: Path) -> None:
    one, two = (
        {"step": step, "command": "set", "args": {"optim.lr": 0.1}, "by": ""} for step in (5, 9)
    )
    told = json.loads(json.dumps(one)) | {"kind": "command", "accepted": True}
    assert schedule.left([one, one, two], [told]) == [one, two]
    assert schedule.left([one], [told | {"inherited": True}]) == [one]
