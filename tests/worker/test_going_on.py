"""A worker on a run that was trained before: what it goes on from, and what it says of it."""

from __future__ import annotations

import json
import shutil
import weakref
from pathlib import Path

import numpy as np
import pytest

from tests.engine.recorder import MemorySink
from tests.worker.lives_here import act, events, lived, made
from tuiwb.api import open_run
from tuiwb.engine.build import build
from tuiwb.engine.checkpoint import load
from tuiwb.engine.interfaces import Command
from tuiwb.engine.loop import train
from tuiwb.run import inbox
from tuiwb.run.create import create_watched
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.spec import resolve
from tuiwb.worker.going_on import Beginning
from tuiwb.worker.work import work

SHORT = ("train.steps=120", "train.eval_every=30")
STOP = act(70, "stop")


def test_it_goes_on_where_it_left(tmp_path: Path) -> None:
    paths = made(tmp_path, *SHORT, acts=[STOP])
    assert lived(paths).status.state == "stopped"
    view = lived(paths)
    (told,) = events(view, "resumed")
    assert (told["from_step"], told["rows_again"]) == (70, 0)
    assert told["checkpoint"] == "checkpoints/00000070" and told["skipped"] == []
    assert 0 < told["idle_s"] < 600
    whole = lived(made(tmp_path, *SHORT))
    for name, column in (("steps", "loss"), ("evals", "val_loss")):
        mine, theirs = (v.table(name).tail(1000) for v in (view, whole))
        assert np.array_equal(mine["step"], theirs["step"])
        assert np.array_equal(mine[column], theirs[column])
    assert [e["step"] for e in events(view, "evaluation")] == [30, 60, 90, 120]
    assert not events(view, "warning")


def test_patience_counts_on(tmp_path: Path) -> None:
    """The evaluation that ends the run comes after the resume, some that count before it."""
    bad = ("train.steps=400", "train.eval_every=10", "train.patience=4", "optim.lr=0.3")
    whole = lived(made(tmp_path, *bad))
    assert "early stopping" in whole.status.words
    stop = act(whole.status.step - 15, "stop")
    paths = made(tmp_path, *bad, acts=[stop])
    lived(paths)
    view = lived(paths)
    assert view.status.words == whole.status.words
    assert view.metrics == whole.metrics


def test_what_is_scheduled_past_the_resume_is_obeyed_once(tmp_path: Path) -> None:
    sets = [act(20, "set", {"optim.lr": 0.01}), act(90, "set", {"optim.lr": 0.0001})]
    paths = made(tmp_path, *SHORT, acts=[*sets, STOP])
    lived(paths)
    view = lived(paths)
    steps = [e["step"] for e in events(view, "command") if e["command"] == "set"]
    assert steps == [20, 90]
    rows = view.table("steps").tail(1000)
    lr = {int(row["step"]): float(row["lr"]) for row in rows}
    assert lr[21] > lr[20] and lr[91] < lr[90] / 50


def test_what_was_set_past_the_checkpoint_is_set_again_at_its_step(tmp_path: Path) -> None:
    sets = [act(20, "set", {"optim.lr": 0.01}), act(60, "set", {"optim.lr": 0.0001})]
    paths = made(tmp_path, *SHORT, acts=[sets[0], act(30, "checkpoint"), sets[1], STOP])
    before = lived(paths).table("steps").tail(1000)
    folders = sorted(paths.checkpoints.glob("[0-9]*"))
    # on a busy disk one that is asked for at step 30 may come a little later
    kept = next(folder for folder in folders if 20 < int(folder.name) < 60)
    for folder in folders:
        if folder != kept:
            shutil.rmtree(folder)
    view = lived(paths)
    assert events(view, "resumed")[0]["from_step"] == int(kept.name)
    told = [(e["step"], e.get("again")) for e in events(view, "command") if e["command"] == "set"]
    assert told == [(20, None), (60, None), (60, True)]
    rows = view.table("steps").tail(1000)
    assert rows["step"].tolist() == list(range(1, 121))
    assert np.array_equal(rows[:70]["lr"], before["lr"])
    assert np.array_equal(rows[:70]["loss"], before["loss"])


def test_its_heartbeat_and_status_begin_at_the_checkpoint(tmp_path: Path) -> None:
    paths = made(tmp_path, *SHORT, acts=[STOP])
    lived(paths)
    view = lived(paths)
    training = [e["step"] for e in events(view, "state") if e["state"] == "training"]
    assert training == [None, 70]
    assert view.status.took is not None and view.status.ended is not None
    assert view.status.started is not None and view.status.idle > 0
    assert view.status.took < view.status.ended - view.status.started


def test_a_checkpoint_that_is_damaged_in_any_way_is_named(tmp_path: Path) -> None:
    paths = made(tmp_path, *SHORT, acts=[STOP])
    lived(paths)
    # while one is written another may be left out: that of the end is always there
    folders = sorted(paths.checkpoints.glob("[0-9]*"))
    assert folders[-1].name == "00000070"
    for folder in folders:
        (folder / "state.pt").write_bytes(b"nothing")
    view = lived(paths)
    (told,) = events(view, "resumed")
    assert told["from_step"] == 0 and told["checkpoint"] is None and told["rows_again"] == 70
    assert len(told["skipped"]) == len(folders)
    words = [event["text"] for event in events(view, "warning")]
    assert len(words) == len(folders) + 1 and "begins again from step 0" in words[-1]
    assert view.table("steps").tail(1000)["step"].tolist() == list(range(1, 121))


def test_without_any_checkpoint_rows_of_before_do_not_count(tmp_path: Path) -> None:
    paths = made(tmp_path, *SHORT, acts=[STOP])
    lived(paths)
    shutil.rmtree(paths.checkpoints)
    paths.checkpoints.mkdir()
    view = lived(paths)
    assert view.status.state == "finished"
    assert view.table("evals").tail(1000)["step"].tolist() == [30, 60, 90, 120]
    assert [e["step"] for e in events(view, "evaluation")] == [30, 60, 90, 120]


def test_other_versions_and_another_host_are_said_once(tmp_path: Path) -> None:
    paths = made(tmp_path, *SHORT, acts=[STOP, act(100, "stop")])
    meta = json.loads(paths.meta.read_text())
    meta["versions"] |= {"torch": "1.0.0", "tuiwb": "0.0.1"}
    paths.meta.write_text(json.dumps(meta | {"host": "elsewhere"}))
    lived(paths)
    words = [event["text"] for event in events(lived(paths), "warning")]
    assert len(words) == 3
    assert "tuiwb was 0.0.1" in words[0] and "torch was 1.0.0" in words[1]
    assert "differ" in words[1] and "elsewhere" in words[2]
    view = lived(paths)  # the third worker is as the second was
    assert view.status.state == "finished"
    assert len(events(view, "warning")) == 3


def test_data_that_has_changed_is_said_and_training_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "flowers.csv"
    rng = np.random.default_rng(0)
    rows = [f"{rng.normal():.3f},{rng.normal():.3f},{'ab'[i % 2]}" for i in range(80)]
    file.write_text("\n".join(["x,y,kind", *rows]) + "\n")
    spec = (*SHORT, "data.name=csv", f"data.path={file}", "data.target=kind", "data.batch_size=8")
    paths = made(tmp_path, *spec, acts=[STOP])
    lived(paths)
    file.write_text("\n".join(["x,y,kind", *rows[:60]]) + "\n")
    view = lived(paths)
    assert view.status.state == "finished"
    (told,) = [e["text"] for e in events(view, "warning") if "the data" in e["text"]]
    assert "is not what it was" in told and "other samples" in told


def test_a_run_that_diverged_is_told_that_it_will_again(tmp_path: Path) -> None:
    paths = made(tmp_path, *SHORT, acts=[STOP])
    lived(paths)
    with Journal(paths.journal) as journal:
        journal.write("state", 70, state="diverged", reason="the loss is not finite")
    (told,) = events(lived(paths), "warning")
    assert "it goes the same way" in told["text"]


def test_commands_to_the_worker_before_are_moot(tmp_path: Path) -> None:
    paths = made(tmp_path, *SHORT, acts=[STOP])
    lived(paths)
    left = [inbox.post(paths, name) for name in ("stop", "pause")]
    left.append(inbox.post(paths, "set", {"optim.lr": 0.01}))
    with Journal(paths.journal) as journal:
        journal.write("note", 70, text="alive", by="test")
    view = lived(paths)
    assert view.status.state == "finished"
    answers = {e["id"]: e for e in events(view, "command")}
    assert [answers[id]["accepted"] for id in left] == [False, False, True]
    assert "has ended" in answers[left[0]]["reason"]
    assert not list(paths.inbox.glob("*.json"))


def test_what_cannot_go_on_is_refused_and_nothing_is_written(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    paths = made(tmp_path, "train.steps=5")
    lived(paths)
    before = {file: file.read_bytes() for file in paths.root.rglob("*") if file.is_file()}
    del before[paths.lock]
    assert work(str(paths.root)) == 2
    assert "has finished" in capfd.readouterr().err
    assert all(file.read_bytes() == data for file, data in before.items())
    watched = RunPaths(create_watched(tmp_path, "mine", {}, "log"))
    watched.spec.write_text(paths.spec.read_text())
    assert work(str(watched.root)) == 2
    assert "a loop of your own" in capfd.readouterr().err
    assert open_run(watched.root).status.state != "failed"


def test_the_state_of_a_checkpoint_is_let_go_once_it_is_put_back(tmp_path: Path) -> None:
    """A large model is not held twice while it trains."""
    paths = made(tmp_path, *SHORT, acts=[STOP])
    lived(paths)
    begun = Beginning(resolve("mlp-digits", SHORT).spec, 70, load(paths.checkpoint(70)))
    assert begun.state is not None
    kept = weakref.ref(begun.state["model"]["output.weight"])
    held: list[bool] = []

    class Watch:
        def take(self, step: int) -> list[Command]:
            held.append(kept() is not None)
            return []

    session = build(begun.spec)
    train(session, MemorySink(), Watch(), tmp_path / "checkpoints", begun.take_state())
    assert session.step == 120 and len(held) >= 50 and not any(held)
