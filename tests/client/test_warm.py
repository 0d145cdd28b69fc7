"""Many runs from one warm process, with a stand-in for the worker."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tuiwb.client.commands import send, wait
from tuiwb.client.follow import follow
from tuiwb.client.launch import launch
from tuiwb.client.warm import Warm
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import holder
from tuiwb.run.reader import RunReader
from tuiwb.spec import resolve

Fake = Callable[[str], list[str]]
Until = Callable[[Callable[[], object]], None]

COLD = ["/nowhere/python"]
"""A start that is not warm fails."""


def state(path: Path) -> str:
    return list(follow(path, 0.01))[-1].status.state


def test_one_process_starts_run_after_run(tmp_path: Path, fake: Fake) -> None:
    with Warm(fake("short")) as warm:
        for _ in range(3):
            path = launch(resolve("mlp-digits"), tmp_path, standby=warm, command=COLD)
            assert state(path) == "finished"
            assert warm.ready
    assert not warm.alive


def test_no_run_is_there_before_a_worker_is(
    tmp_path: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that waits for torch would be taken for dead."""
    seen: list[bool] = []
    with Warm(fake("short")) as warm:
        monkeypatch.setattr("tuiwb.client.launch.create", lambda *a, **k: seen.append(warm.ready))
        monkeypatch.setattr(warm, "hand_over", lambda path: True)
        launch(resolve("mlp-digits"), tmp_path, standby=warm)
    assert seen == [True]


def test_its_runs_outlive_it_and_train_side_by_side(
    tmp_path: Path, fake: Fake, until: Until
) -> None:
    with Warm(fake("long")) as warm:
        paths = [
            launch(resolve("mlp-digits"), tmp_path, standby=warm, command=COLD) for _ in range(2)
        ]
    for path in paths:
        step = RunReader(path).poll().status.step
        until(lambda path=path, step=step: RunReader(path).poll().status.step > step)
        known = holder(RunPaths(path).lock)
        assert known is not None and os.getsid(known.pid) == known.pid
        assert wait(path, send(path, "stop"), timeout=30)["accepted"]
        assert state(path) == "stopped"


def test_where_nothing_is_forked_the_next_one_warms_up_meanwhile(
    tmp_path: Path, fake: Fake, until: Until
) -> None:
    with Warm(fake("alone")) as warm:
        for _ in range(2):
            path = launch(resolve("mlp-digits"), tmp_path, standby=warm, command=COLD)
            until(lambda: warm.ready)
            assert RunReader(path).poll().status.state in ("starting", "training")
            assert wait(path, send(path, "stop"), timeout=30)["accepted"]


@pytest.mark.parametrize("mode", ["broken", "silent"])
def test_where_none_gets_warm_runs_start_cold(tmp_path: Path, fake: Fake, mode: str) -> None:
    with Warm(fake(mode)) as warm:
        path = launch(resolve("mlp-digits"), tmp_path, standby=warm, command=fake("short"))
        assert state(path) == "finished"
