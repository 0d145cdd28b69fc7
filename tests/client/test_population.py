"""A population in a process of its own: every member is a run like any other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tuiwb.base.errors import UserError
from tuiwb.client.commands import send
from tuiwb.client.kill import kill
from tuiwb.client.population import apart, launch_population
from tuiwb.client.resume import resume
from tuiwb.client.warm import Warm
from tuiwb.run.reader import RunReader
from tuiwb.run.view import RunView
from tuiwb.spec import resolve

GIVE_UP = 240.0
LONG = ("train.steps=1000000", "train.eval_every=0", "train.checkpoint_every=50")


def view(path: Path) -> RunView:
    with RunReader(path) as reader:
        return reader.poll(None)


def until(happened: Callable[[], bool]) -> None:
    give_up = time.monotonic() + GIVE_UP
    while not happened():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm() as known:
        yield known


@pytest.mark.slow
def test_members_are_stopped_killed_and_resumed_as_runs(warm: Warm, tmp_path: Path) -> None:
    members = [resolve("mlp-digits", [f"optim.lr={lr}", *LONG]) for lr in (1e-3, 2e-3, 3e-3)]
    paths = launch_population(members, tmp_path, standby=warm)
    assert [path.name for path in paths] == [f"mlp-digits-000{n}" for n in (1, 2, 3)]
    until(lambda: all(view(path).status.step > 100 for path in paths))

    send(paths[1], "stop", by="test")
    until(lambda: view(paths[1]).status.state == "stopped")
    there = view(paths[0]).status.step
    until(lambda: view(paths[0]).status.step > there + 20)

    kill(paths[0])
    until(lambda: all(view(paths[n]).status.state == "crashed" for n in (0, 2)))
    for path in paths:
        rows = view(path).table("steps")
        steps = rows.tail(rows.rows)["step"]
        assert list(steps) == list(range(1, len(steps) + 1))
        assert view(path).metrics is not None and view(path).layers

    assert not any(apart(view(path)) for path in paths)
    resume(paths[2], standby=warm)
    until(lambda: view(paths[2]).status.state == "training" and bool(view(paths[2]).status.begun))
    send(paths[2], "stop", by="test")
    until(lambda: view(paths[2]).status.state == "stopped")
    again = [event for event in view(paths[2]).events if event["kind"] == "resumed"]
    assert again and again[0]["from_step"] > 0


@pytest.mark.slow
def test_what_cannot_be_batched_trains_in_processes_of_its_own(warm: Warm, tmp_path: Path) -> None:
    short = ("train.steps=2", "train.eval_every=0", "data.batch_size=4")
    members = [resolve("char-rnn", [f"optim.lr={lr}", *short]) for lr in (1e-3, 2e-3)]
    paths = launch_population(members, tmp_path, standby=warm)
    seen: set[str] = set()

    def all_finished() -> bool:
        states = [view(path).status.state for path in paths]
        seen.update(states)
        return states == ["finished"] * len(paths)

    until(all_finished)
    assert not {"crashed", "failed", "stopped"} & seen, "a reader has given up one that waits"
    for path in paths:
        why = apart(view(path))
        assert "not trained as a population" in why and "lstm" in why
        assert not [event for event in view(path).events if event["kind"] == "resumed"]


def test_a_restart_knob_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    members = [resolve("mlp-digits", [f"model.hidden=[{width}]"]) for width in (8, 16)]
    with pytest.raises(UserError, match="cannot vary in a population"):
        launch_population(members, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
