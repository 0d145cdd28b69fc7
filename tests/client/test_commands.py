"""Steering: every command is answered, or it is said that it was not."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.client.commands import send, wait
from tuiwb.client.follow import follow
from tuiwb.client.launch import launch
from tuiwb.run.create import create
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import holder
from tuiwb.run.reader import RunReader
from tuiwb.spec import resolve

Fake = Callable[[str], list[str]]
Until = Callable[[Callable[[], object]], None]


@pytest.fixture
def started(tmp_path: Path, fake: Fake, until: Until) -> Iterator[Callable[[str], Path]]:
    pids: list[int] = []

    def start(mode: str) -> Path:
        path = launch(resolve("mlp-digits"), tmp_path / "runs", command=fake(mode))
        until(lambda: RunReader(path).poll().status.step > 0)
        held = holder(RunPaths(path).lock)
        assert held is not None
        pids.append(held.pid)
        return path

    yield start
    for pid in pids:  # a worker whose folder is gone has nobody left to tell it to stop
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_refused_and_accepted(started: Callable[[str], Path]) -> None:
    path = started("long")
    refused = wait(path, send(path, "dance", {"n": 1}, by="a"), timeout=30)
    assert not refused["accepted"] and refused["reason"] == "unknown command"
    assert (refused["args"], refused["by"]) == ({"n": 1}, "a")
    assert wait(path, send(path, "stop", by="b"), timeout=30)["accepted"]
    for view in follow(path, 0.01):
        last = view
    with pytest.raises(UserError, match="takes no commands: its worker has ended") as told:
        send(path, "stop")
    assert last.status.words in str(told.value)


def test_two_clients_at_once(started: Callable[[str], Path]) -> None:
    path = started("long")
    first, second = send(path, "dance", by="a"), send(path, "stop", by="b")
    assert wait(path, second, timeout=30)["by"] == "b"
    assert wait(path, first, timeout=30)["by"] == "a"


def test_no_answer_in_time(started: Callable[[str], Path]) -> None:
    path = started("deaf")
    with pytest.raises(WorkerFailed, match=r"gave no answer in 0\.1 s") as told:
        wait(path, send(path, "stop"), timeout=0.1)
    assert "still waits in its inbox" in str(told.value)
    assert "found:    training" in str(told.value)
    pid = int(RunPaths(path).lock.read_text().split('"pid": ')[1].split(",")[0])
    assert f"where a step hangs, kill -9 {pid} ends the worker" in str(told.value)
    id = send(path, "stop")
    os.kill(pid, 9)
    with pytest.raises(WorkerFailed, match="ended without an answer") as told:
        wait(path, id, timeout=30)
    assert "crashed at step" in str(told.value)


def test_an_answer_just_before_the_end_counts(tmp_path: Path) -> None:
    path = create(tmp_path / "runs", resolve("mlp-digits"))
    with Journal(RunPaths(path).journal) as journal:
        journal.write("command", 3, id="abc", command="stop", accepted=True)
        journal.write("state", 3, state="stopped")
    assert wait(path, "abc", timeout=0.0)["step"] == 3


def test_not_a_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no run"):
        send(tmp_path / "nowhere", "stop")
    with pytest.raises(UserError, match="there is no run"):
        list(follow(tmp_path / "nowhere"))


def test_following_a_folder_that_is_deleted_ends(started: Callable[[str], Path]) -> None:
    path = started("long")
    views = []
    for view in follow(path, 0.01):
        views.append(view)
        if view.table("steps").rows > 3:
            shutil.rmtree(path, ignore_errors=True)
    assert views[-1].status.words.endswith("its folder is gone")
    assert views[-1].table("steps").rows > 3  # what was seen is not taken from the screen
