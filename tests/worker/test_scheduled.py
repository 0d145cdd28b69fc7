"""Commands known beforehand: each at its step, before what people ask, answered like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuiwb.run.create import create
from tuiwb.run.inbox import post
from tuiwb.run.journal import Journal, events
from tuiwb.run.layout import RunPaths
from tuiwb.spec import resolve
from tuiwb.worker.controls import Inbox
from tuiwb.worker.scheduled import Scheduled


def known(step: int, lr: float, **more: Any) -> dict[str, Any]:
    return {"step": step, "command": "set", "args": {"optim.lr": lr}, "by": "cli", **more}


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    return RunPaths(create(tmp_path, resolve("mlp-digits")))


def test_each_comes_at_its_step_and_those_of_a_step_in_their_order(paths: RunPaths) -> None:
    inbox = Inbox(paths, Journal(paths.journal))
    told: list[tuple[float, int]] = []
    inbox.accepted = lambda command, step: told.append((command.args["optim.lr"], step))
    controls = Scheduled(inbox, [known(9, 0.3), known(5, 0.1), known(5, 0.2)])
    for step in range(12):
        for command in controls.take(step):
            command.accept(step)
    assert told == [(0.1, 5), (0.2, 5), (0.3, 9)]


def test_one_whose_step_was_passed_by_comes_at_once(paths: RunPaths) -> None:
    controls = Scheduled(Inbox(paths, Journal(paths.journal)), [known(5, 0.1)])
    assert [command.args for command in controls.take(40)] == [{"optim.lr": 0.1}]
    assert not controls.take(41)


def test_it_goes_before_what_people_ask_at_the_step(paths: RunPaths) -> None:
    controls = Scheduled(Inbox(paths, Journal(paths.journal)), [known(0, 0.1)])
    post(paths, "set", {"optim.lr": 0.7}, "bench")
    assert [command.by for command in controls.take(0)] == ["cli", "bench"]


def test_the_journal_answers_it_like_any_other(paths: RunPaths) -> None:
    with Journal(paths.journal) as journal:
        controls = Scheduled(Inbox(paths, journal), [known(3, 0.1), known(4, -1.0, again=True)])
        (first,) = controls.take(3)
        first.accept(3)
        (second,) = controls.take(4)
        second.refuse(4, "out of range")
    one, two = (event for event in events(paths.journal) if event["kind"] == "command")
    assert (one["step"], one["command"], one["by"], one["accepted"]) == (3, "set", "cli", True)
    assert (two["accepted"], two["reason"]) == (False, "out of range")


def test_what_was_obeyed_before_a_resume_is_told_again(paths: RunPaths) -> None:
    with Journal(paths.journal) as journal:
        (command,) = Scheduled(Inbox(paths, journal), [known(3, 0.1, again=True)]).take(3)
        command.accept(3)
    (event,) = (event for event in events(paths.journal) if event["kind"] == "command")
    assert event["again"] is True
