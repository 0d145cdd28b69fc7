"""A run that was ended on the way and resumed is the run that never was."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from tests.scenarios.helpers import end_worker_of, until, view
from tests.scenarios.lives import Life, newest_checkpoint, same
from tuiwb.base.errors import UserError
from tuiwb.client.resume import resume
from tuiwb.client.warm import Warm

pytestmark = pytest.mark.slow

SPECS = {
    "mlp-digits": ("mlp-digits", "train.steps=1200", "train.eval_every=110"),
    "dropout": (
        "mlp-digits",
        "train.steps=1200",
        "train.eval_every=90",
        "regularize.dropout=0.3",
        "optim.name=adam",
        "schedule.name=cosine",
        "train.clip_norm=0.5",
        "train.patience=100",
    ),
    "playground-2d": ("playground-2d", "train.steps=1200", "train.eval_every=130"),
}


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm() as standby:
        standby.prepare()
        yield standby


@pytest.fixture
def life(tmp_path: Path, warm: Warm, request: pytest.FixtureRequest) -> Iterator[Life]:
    made = Life(tmp_path, warm, *SPECS[getattr(request, "param", "mlp-digits")])
    yield made
    end_worker_of(made.paths)


@pytest.mark.parametrize("life", SPECS, indirect=True)
def test_killed_at_random_moments(life: Life, request: pytest.FixtureRequest) -> None:
    chance = random.Random(request.node.name)
    life.begin()
    for _ in range(4):
        life.reach(view(life.paths).status.step + chance.randrange(300))
        if not life.alive():
            break
        life.end("SIGKILL").resume()
    assert life.events("resumed")
    same(life.finish().paths, life.uninterrupted().paths)


@pytest.mark.parametrize("how", ["stop", "SIGTERM", "SIGUSR1"])
def test_stopped_and_resumed_twice(tmp_path: Path, warm: Warm, how: str) -> None:
    # long enough that no delay of ours lets it finish before it is stopped
    life = Life(tmp_path, warm, "mlp-digits", "train.steps=3000", "train.eval_every=300")
    try:
        life.begin().reach(200).end(how).resume().reach(500).end(how).resume().finish()
    finally:
        end_worker_of(life.paths)
    told = life.events("resumed")
    assert [event["rows_again"] for event in told] == [0, 0]  # it left with a checkpoint
    same(life.paths, life.uninterrupted().paths)


def test_what_was_set_before_and_after_the_checkpoint_holds(tmp_path: Path, warm: Warm) -> None:
    life = Life(tmp_path, warm, "mlp-digits", "train.steps=1200", "train.eval_every=0")
    try:
        life.begin().reach(100)
        life.set(optim__lr=0.004, regularize__weight_decay=0.01)
        life.reach(200).ask("checkpoint")
        until("a checkpoint", lambda: bool(life.events("checkpoint")))
        kept = int(newest_checkpoint(life.paths).name)
        late = life.reach(kept + 80).set(optim__lr=0.0005)
        life.end("SIGKILL").resume().finish()
    finally:
        end_worker_of(life.paths)
    (told,) = life.events("resumed")
    assert told["from_step"] in (kept, late)  # one is taken before a set too, if there was time
    again = [event for event in life.events("command") if event.get("again")]
    assert [(e["step"], e["args"]["optim.lr"]) for e in again] == [(late, 0.0005)]
    same(life.paths, life.uninterrupted().paths)


def test_without_a_checkpoint_it_begins_again(tmp_path: Path, warm: Warm) -> None:
    life = Life(tmp_path, warm, "mlp-digits", "train.steps=700", "train.eval_every=0")
    try:
        life.begin().reach(150)
        life.set(optim__lr=0.004)
        life.end("SIGKILL")
        shutil.rmtree(life.paths.checkpoints)  # the one before the change may have been written
        life.resume().finish()
    finally:
        end_worker_of(life.paths)
    (told,) = life.events("resumed")
    assert told["from_step"] == 0 and told["checkpoint"] is None
    assert any("begins again from step 0" in event["text"] for event in life.events("warning"))
    same(life.paths, life.uninterrupted().paths)


@pytest.mark.parametrize("damage", ["flipped", "cut", "no sum", "another sum"])
def test_a_damaged_newest_checkpoint_is_passed_by_and_named(life: Life, damage: str) -> None:
    life.begin().reach(400).end("SIGTERM")
    newest = newest_checkpoint(life.paths)
    file, total = newest / "state.pt", newest / "sha256"
    data = bytearray(file.read_bytes())
    if damage == "flipped":
        data[len(data) // 2] ^= 0xFF
        file.write_bytes(data)
    elif damage == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif damage == "no sum":
        total.unlink()
    else:
        total.write_text("0" * 64)
    life.resume().finish()
    (told,) = life.events("resumed")
    step = int(newest.name)
    assert told["from_step"] < step and told["rows_again"] == step - told["from_step"]
    assert len(told["skipped"]) == 1 and str(step) in told["skipped"][0]
    assert any(str(step) in event["text"] for event in life.events("warning"))
    same(life.paths, life.uninterrupted().paths)


def test_two_at_once_one_goes_on_and_the_other_is_told(tmp_path: Path, warm: Warm) -> None:
    life = Life(tmp_path, warm, "mlp-digits", "train.steps=1000000", "train.eval_every=0")
    told: list[UserError | float] = []

    def go_on() -> None:
        try:
            told.append(resume(life.paths.root))
        except UserError as error:
            told.append(error)

    try:
        life.begin().reach(50).end("stop")
        both = [Thread(target=go_on) for _ in range(2)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        (error,) = (one for one in told if isinstance(one, UserError))
        assert "being resumed by somebody else" in error.what or "is being trained" in error.what
        assert "process" in error.found and "tuiwb attach" in error.next
        begun = view(life.paths).status.step
        life.reach(begun + 50)
        assert view(life.paths).status.state == "training"
        assert len(life.events("resumed")) == 1
        with pytest.raises(UserError, match="is being trained"):
            resume(life.paths.root)
    finally:
        end_worker_of(life.paths)


def test_a_finished_run_is_not_resumed(tmp_path: Path, warm: Warm) -> None:
    life = Life(tmp_path, warm, "mlp-digits", "train.steps=30").begin().finish()
    journal = life.paths.journal.read_bytes()
    with pytest.raises(UserError, match=r"--at 30 -s train\.steps=60"):
        life.resume()
    assert life.paths.journal.read_bytes() == journal
