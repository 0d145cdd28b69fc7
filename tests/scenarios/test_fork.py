"""Branching and repeating real runs: bit for bit what they should be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.scenarios.helpers import end_worker_of, until
from tuiwb.client.commands import send, wait
from tuiwb.client.fork import fork, prepare
from tuiwb.client.launch import launch
from tuiwb.client.replay import replay
from tuiwb.client.resume import resume
from tuiwb.client.warm import Warm
from tuiwb.run.layout import RunPaths
from tuiwb.run.reader import RunReader
from tuiwb.run.resuming import words
from tuiwb.run.view import RunView
from tuiwb.spec import resolve

pytestmark = pytest.mark.slow

MEASURED = ("step", "loss", "lr", "clipped", "nonfinite")
"""Columns that a clock has no part in."""


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm() as standby:
        yield standby


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forks") / "runs"


def seen(path: Path) -> RunView:
    with RunReader(path) as reader:
        return reader.poll(None)


def ended(path: Path) -> RunView:
    until(f"{path.name} is over", lambda: seen(path).status.ended_now)
    view = seen(path)
    assert view.status.state == "finished", view.status.words
    return view


def rows(view: RunView) -> np.ndarray:
    table = view.table("steps")
    return table.tail(table.rows)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in MEASURED)


@pytest.fixture(scope="module")
def parent(runs: Path, warm: Warm) -> Path:
    spec = resolve("softmax-digits", ["train.steps=1000", "train.eval_every=500"])
    path = launch(spec, runs, name="parent", standby=warm)
    ended(path)
    return path


def test_a_fork_of_1000_steps_at_500_with_a_tenth_of_the_rate(
    parent: Path, runs: Path, warm: Warm
) -> None:
    before = {path: path.read_bytes() for path in parent.rglob("*") if path.is_file()}
    prepared = prepare(parent, 500)
    rate = float(prepared.resolved.get("optim.lr")) / 10
    child = ended(fork(prepared, runs, [f"optim.lr={rate}"], name="tenth", standby=warm))
    mine, its = rows(child), rows(seen(parent))
    assert len(mine) == len(its) == 1000
    assert mine[:500].tobytes() == its[:500].tobytes(), "all columns, time among them"
    assert np.allclose(mine["lr"][500:], rate) and not np.isclose(its["lr"][500:], rate).any()
    assert mine["loss"][500] == its["loss"][500], "of the same weights and the same batch"
    assert (mine["loss"][501:] != its["loss"][501:]).mean() > 0.99
    assert {path: path.read_bytes() for path in parent.rglob("*") if path.is_file()} == before


def test_a_fork_with_nothing_changed_is_the_run_that_it_left(
    parent: Path, runs: Path, warm: Warm
) -> None:
    child = ended(fork(prepare(parent, 500), runs, name="twin", standby=warm))
    (begun,) = (event for event in child.events if event["kind"] == "resumed")
    assert words(begun) == "goes on from step 500 of parent"
    assert same(rows(child), rows(seen(parent)))
    assert child.metrics == seen(parent).metrics


def test_a_fork_may_have_another_optimiser(parent: Path, runs: Path, warm: Warm) -> None:
    prepared = prepare(parent, 500)
    other = "sgd" if prepared.resolved.get("optim.name") != "sgd" else "adam"
    child = ended(fork(prepared, runs, [f"optim.name={other}", "train.steps=520"], standby=warm))
    assert rows(child)["step"].tolist() == list(range(1, 521))
    assert np.isfinite(rows(child)["loss"]).all()


def ask(path: Path, command: str, **args: object) -> int:
    answer = wait(path, send(path, command, args))
    assert answer["accepted"], answer
    return int(answer["step"])


def steered(path: Path) -> list[int]:
    """Train a run whose rate is set twice, forty steps apart; the steps at which it was."""
    until("it trains", lambda: seen(path).table("steps").rows > 0)
    ask(path, "pause")
    at = []
    for rate in (0.05, 0.0002):
        ask(path, "step", steps=40)
        until("it has taken its steps", lambda: seen(path).status.state == "paused")
        at.append(ask(path, "set", **{"optim.lr": rate}))
    ask(path, "resume")
    return at


def test_a_replay_sets_what_was_set_and_has_the_same_losses(runs: Path, warm: Warm) -> None:
    spec = resolve("softmax-digits", ["train.steps=1000000", "train.eval_every=60"])
    path = launch(spec, runs, name="steered", standby=warm)
    at = steered(path)
    ask(path, "stop")
    until("it has stopped", lambda: seen(path).status.ended_now)
    original = rows(seen(path))
    assert len(np.unique(original["lr"])) == 3 and at[1] - at[0] == 40

    again = replay(path, runs, name="again", standby=warm)
    until("it is as far", lambda: seen(again).table("steps").rows >= len(original))
    ask(again, "stop")
    until("it has stopped", lambda: seen(again).status.ended_now)
    repeated = seen(again)
    assert same(rows(repeated)[: len(original)], original)
    told = [e for e in repeated.events if e["kind"] == "command" and e["command"] == "set"]
    assert [event["step"] for event in told] == at and all(event["accepted"] for event in told)


def test_a_replay_of_a_fork_begins_at_the_fork(parent: Path, runs: Path, warm: Warm) -> None:
    first = ended(fork(prepare(parent, 500), runs, ["optim.lr=0.003"], standby=warm))
    again = ended(replay(first.path, runs, standby=warm))
    assert same(rows(again), rows(first)) and again.metrics == first.metrics


def test_a_run_that_trains_is_forked_and_trains_on(runs: Path, warm: Warm) -> None:
    spec = resolve("softmax-digits", ["train.steps=1000000", "train.eval_every=100"])
    path = launch(spec, runs, name="busy", standby=warm)
    until("it has a checkpoint", lambda: any(path.glob("checkpoints/0*")))
    prepared = prepare(path)
    child = fork(prepared, runs, [f"train.steps={prepared.step + 50}"], standby=warm)
    assert not seen(path).status.ended_now, "the parent goes on"
    there = seen(path).status.step
    view = ended(child)
    until("the parent goes on", lambda: seen(path).status.step > there)
    ask(path, "stop")
    its = rows(seen(path))
    assert rows(view)["step"].tolist() == list(range(1, prepared.step + 51))
    assert same(rows(view), its[: prepared.step + 50])


def test_a_child_that_is_killed_before_its_first_checkpoint_is_resumed(
    parent: Path, runs: Path, warm: Warm
) -> None:
    spec = ["train.steps=100000", "optim.lr=0.002"]
    child = fork(prepare(parent, 500), runs, spec, standby=warm)
    until("it trains", lambda: seen(child).status.step > 510)
    end_worker_of(RunPaths(child))
    until("it is dead", lambda: seen(child).status.state == "crashed")
    killed = rows(seen(child))
    resume(child, standby=warm)
    until("it is as far", lambda: seen(child).status.step > len(killed))
    ask(child, "stop")
    assert same(rows(seen(child))[: len(killed)], killed)
