"""Checkpoints come and go as they should, whatever the disk, the memory and the loop are doing."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.engine.recorder import Ask, AtSteps, Script, every_checkpoint
from tests.engine.twice import trained as run
from tuiwb.engine import writing
from tuiwb.engine.checkpoint import load, newest_whole, steps_in
from tuiwb.engine.rolling import Checkpoints, refusal
from tuiwb.engine.staging import Staging
from tuiwb.spec import resolve

SHORT = ("train.steps=8", "train.eval_every=2", "train.device=cpu")


def state(step: int, size: int = 1000) -> Callable[[], dict[str, Any]]:
    return lambda: {"step": step, "weights": torch.full((size,), float(step))}


class Disk:
    """A disk that takes a checkpoint when it is told to."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.goes = threading.Semaphore(0)
        self.write = writing.write

    def __call__(self, folder: Path, step: int, *rest: Any) -> int:
        self.asked.release()
        assert self.goes.acquire(timeout=60)
        return self.write(folder, step, *rest)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk()
    monkeypatch.setattr(writing, "write", disk)
    yield disk
    for _ in range(100):
        disk.goes.release()


def test_training_does_not_wait_and_only_a_pinned_one_is_staged_meanwhile(
    tmp_path: Path, disk: Disk
) -> None:
    checkpoints = Checkpoints(tmp_path / "kept")
    assert checkpoints.save(1, state(1), "evaluation")
    assert disk.asked.acquire(timeout=60) and checkpoints.busy()
    assert not checkpoints.save(2, state(2), "evaluation")
    assert checkpoints.save(3, state(3), "before a set", pinned=True)
    assert not checkpoints.save(4, state(4), "before a set", pinned=True), "one is enough"
    assert not checkpoints.save(3, state(99), "evaluation"), "this step is staged already"
    disk.goes.release()
    disk.goes.release()
    checkpoints.wait()
    assert [written.step for written in checkpoints.finished()] == [1, 3]
    assert not checkpoints.busy() and steps_in(tmp_path / "kept") == [1, 3]
    kept = load(tmp_path / "kept" / "00000003")
    assert torch.equal(kept["weights"], torch.full((1000,), 3.0))
    assert checkpoints.save(5, state(5), "evaluation") and disk.asked.acquire(timeout=60)
    checkpoints.found(6)
    disk.goes.release()
    checkpoints.wait()
    reasons = writing.read_reasons(tmp_path / "kept", 5)
    assert reasons == {"reason": "evaluation", "best": False, "pinned": ["before a finding"]}


def test_reasons_outlive_the_process(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    first = Checkpoints(folder)
    for step in range(1, 7):
        first.save(step, state(step), "evaluation", best=step == 2, pinned=step == 4)
        first.wait()
    first.found(3)
    later = Checkpoints(folder, space=0)
    later.space = 4 * (folder / "00000001" / "state.pt").stat().st_size
    later.save(7, state(7), "evaluation")
    later.wait()
    # the first, the best and the newest, and one of the two that are pinned: by then each has room
    assert set(steps_in(folder)) - {3, 4} == {1, 2, 7} and len(steps_in(folder)) == 4


def test_space_is_limited_but_by_what_always_stays(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    checkpoints = Checkpoints(folder, space=1)
    for step in range(1, 8):
        checkpoints.save(step, state(step), "evaluation", best=step in (2, 4))
        checkpoints.wait()
    assert steps_in(folder) == [1, 4, 7]


def test_the_future_of_a_life_that_was_taken_back_goes(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    before = Checkpoints(folder)
    for step in (2, 4, 6, 8):
        before.save(step, state(step), "evaluation")
        before.wait()
    after = Checkpoints(folder)
    after.goes_on_from(4)
    assert not after.save(4, state(99), "evaluation"), "it is what training goes on from"
    assert steps_in(folder) == [2, 4, 6, 8], "nothing goes before there is something new"
    after.save(5, state(5), "evaluation")
    after.wait()
    assert steps_in(folder) == [2, 4, 5]
    found = newest_whole(folder)
    assert found is not None and found[0] == 5


def test_leftovers_of_a_killed_process_are_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    (folder / ".00000004.partial").mkdir(parents=True)
    (folder / ".00000004.partial" / "state.pt").write_bytes(b"half")
    (folder / ".00000002.gone").mkdir()
    (folder / ".mine").mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("")
    (folder / ".00000005.partial").symlink_to(outside)
    Checkpoints(folder)
    assert [path.name for path in folder.iterdir()] == [".mine"] and (outside / "kept").exists()


@pytest.mark.parametrize("fails_at", range(6))
def test_a_disk_that_refuses_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    folder = tmp_path / "kept"
    checkpoints = Checkpoints(folder)
    checkpoints.save(1, state(1), "test")
    checkpoints.wait()
    assert checkpoints.finished()[0].error is None
    real, calls = os.write, 0

    def full(descriptor: int, data: Any) -> int:
        nonlocal calls
        calls += 1
        if calls > fails_at:
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        checkpoints.save(2, state(2), "test")
        checkpoints.wait()
    (written,) = checkpoints.finished()
    assert written.error is not None and written.error.errno == 28
    assert "No space left on device" in refusal(written)
    assert [path.name for path in folder.iterdir()] == ["00000001"]
    assert checkpoints.save(2, state(2), "test"), "it may be tried again"
    checkpoints.wait()
    assert steps_in(folder) == [1, 2]


def test_no_memory_for_a_copy_is_no_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(self: Staging, state: Any) -> Any:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    checkpoints = Checkpoints(tmp_path / "kept")
    with monkeypatch.context() as patch:
        patch.setattr(Staging, "take", none)
        assert not checkpoints.save(1, state(1), "test")
    (written,) = checkpoints.finished()
    assert "no memory" in refusal(written)
    assert checkpoints.save(1, state(1), "test")
    checkpoints.wait()


class Doctor(Script):
    """Controls through which something is found at a step."""

    def __init__(self, checkpoints: Checkpoints, at: int, began: int) -> None:
        super().__init__()
        self.checkpoints, self.at, self.began = checkpoints, at, began

    def take(self, step: int) -> list[Ask]:
        if step == self.at:
            self.at = -1
            self.checkpoints.found(self.began)
        return []


@pytest.fixture(autouse=True)
def none_is_skipped(request: pytest.FixtureRequest) -> Iterator[None]:
    with nullcontext() if "disk" in request.fixturenames else every_checkpoint():
        yield


def reasons(folder: Path) -> Mapping[int, tuple[str, list[str]]]:
    read = {step: writing.read_reasons(folder, step) for step in steps_in(folder)}
    return {step: (found["reason"], found["pinned"]) for step, found in read.items()}


def test_one_is_taken_before_knobs_are_set(tmp_path: Path) -> None:
    spec = resolve("mlp-digits", SHORT).spec
    asked = Ask("set", {"optim.lr": 0.5})
    run(spec, tmp_path, controls=AtSteps({3: asked}))
    kept = reasons(tmp_path)
    assert kept[3] == ("before a set", ["before a set"]) and kept[2] == ("evaluation", [])
    assert load(tmp_path / "00000003")["spec"]["optim"]["lr"] == spec.optim.lr
    assert load(tmp_path / "00000004")["spec"]["optim"]["lr"] == 0.5


def test_a_set_at_an_evaluation_pins_that_checkpoint(tmp_path: Path) -> None:
    asked = Ask("set", {"optim.lr": 1})
    run(resolve("mlp-digits", SHORT).spec, tmp_path, controls=AtSteps({4: asked}))
    assert reasons(tmp_path)[4] == ("evaluation", ["before a set"])


def test_one_is_taken_at_a_finding_and_the_one_before_it_is_pinned(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    spec = resolve("mlp-digits", SHORT).spec
    run(spec, checkpoints, controls=Doctor(checkpoints, at=4, began=3))
    kept = reasons(tmp_path)
    assert kept[2] == ("evaluation", ["before a finding"])
    assert kept[4] == ("finding", ["finding"]) and kept[6] == ("evaluation", [])
    assert not checkpoints.wanted


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        (["train.checkpoint_every=3"], [3, 6, 8]),
        (["train.checkpoint_every=3", "train.eval_every=0"], [3, 6, 8]),
        (["train.checkpoint_every=0"], [2, 4, 6, 8]),
        (["train.eval_every=0"], [8]),
        (["train.checkpoint_every=1", "train.checkpoint_space=0", "optim.lr=0.5"], [1, 8]),
    ],
)
def test_knobs_say_how_often(tmp_path: Path, settings: list[str], steps: list[int]) -> None:
    run(resolve("mlp-digits", [*SHORT, *settings]).spec, tmp_path)
    best = [s for s in steps_in(tmp_path) if writing.read_reasons(tmp_path, s)["best"]]
    assert sorted({*steps_in(tmp_path)} - {*best}) == sorted({*steps} - {*best})
    assert set(best[-1:]) <= set(steps_in(tmp_path))


def test_the_knobs_are_hot(tmp_path: Path) -> None:
    ask = Ask("set", {"train.checkpoint_every": 1, "train.checkpoint_space": 1000})
    spec = resolve("mlp-digits", [*SHORT, "train.checkpoint_space=0"]).spec
    run(spec, tmp_path, controls=AtSteps({4: ask}))
    assert ask.accepted == 4 and {5, 6, 7, 8} <= set(steps_in(tmp_path))


def test_a_long_run_without_evaluations_leaves_one_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuiwb.engine.loop.ANYWAY", -1.0)
    run(resolve("mlp-digits", [*SHORT, "train.eval_every=0"]).spec, tmp_path)
    assert steps_in(tmp_path) == list(range(1, 9))
    assert reasons(tmp_path)[5] == ("time", [])


def test_staging_copies_uses_its_memory_again_and_keeps_what_is_shared() -> None:
    staging = Staging()
    weights = torch.arange(6.0).view(2, 3)
    state = {"a": weights, "tied": weights, "turned": weights.t(), "rest": [1, {"b": weights[0]}]}
    first = staging.take(state)
    where = {t.data_ptr() for t in first.tensors.values()}
    assert first.state["a"] is first.state["tied"] and first.state["rest"][0] == 1
    weights.add_(1)
    assert torch.equal(first.state["a"], weights - 1) and first.state["a"].stride() == (3, 1)
    assert torch.equal(first.state["turned"], (weights - 1).t())
    second = staging.take(state)
    assert not where & {t.data_ptr() for t in second.tensors.values()}, "the first is in use"
    staging.give_back(first)
    third = staging.take(state)
    assert {t.data_ptr() for t in third.tensors.values()} == where
    assert torch.equal(third.state["rest"][1]["b"], weights[0])


def test_memory_of_the_first_copy_is_asked_for_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = torch.arange(6.0).view(2, 3)
    state = {"model": {"a": weights, "tied": weights}, "optimizers": [{"b": weights.t()}]}
    assert Staging().prepare(state) is None, "a small one is not worth it"
    monkeypatch.setattr("tuiwb.engine.staging.AHEAD", 1)
    staging = Staging()
    thread = staging.prepare(state)
    assert thread is not None
    thread.join()
    ready = {tensor.data_ptr() for tensors in staging._free.values() for tensor in tensors}
    staged = staging.take(state)
    assert len(ready) == 2 and {t.data_ptr() for t in staged.tensors.values()} == ready
    assert torch.equal(staged.state["optimizers"][0]["b"], weights.t())
