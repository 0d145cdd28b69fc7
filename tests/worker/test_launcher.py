"""What the launcher of ranks says and decides, where no rank can."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.run import inbox
from tuiwb.run.create import create
from tuiwb.run.journal import Journal, last_events
from tuiwb.run.layout import RunPaths
from tuiwb.run.world import World
from tuiwb.spec import resolve
from tuiwb.worker.casualties import Casualty
from tuiwb.worker.launcher import Launcher, Leave, newest

KILLED = Casualty(1, "rank 1 was killed (SIGKILL)", True, 137)


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    return RunPaths(create(tmp_path, resolve("mlp-digits"), world=World(2)))


def launcher(paths: RunPaths, node: int = 0) -> Launcher:
    return Launcher(paths, World(2), node)


def said(paths: RunPaths) -> list[dict[str, Any]]:
    return list(last_events(paths.journal))


def test_a_killed_rank_is_told_and_all_are_started_again(paths: RunPaths) -> None:
    assert launcher(paths).lost(KILLED, 3)
    (event,) = said(paths)
    assert event["kind"] == "warning" and event["text"].startswith("rank 1 was killed (SIGKILL): ")
    assert launcher(paths, node=1).lost(KILLED, 3) and len(said(paths)) == 1


def test_what_is_not_started_again(paths: RunPaths) -> None:
    error = Casualty(0, "rank 0: no", False, 2, UserError("no"))
    assert not launcher(paths).lost(KILLED, 0)
    assert not launcher(paths).lost(error, 3)
    asked = launcher(paths)
    asked.asked = "SIGTERM"
    assert not asked.lost(KILLED, 3)
    over = launcher(paths)
    with Journal(paths.journal) as journal:
        journal.write("state", state="diverged", reason="nan")
    assert not over.lost(KILLED, 3) and over.given_up(Casualty(0, "", False, 3)) == 3
    assert [event["kind"] for event in said(paths)] == ["state"]


def test_an_end_of_an_earlier_launcher_is_not_this_one_s(paths: RunPaths) -> None:
    with Journal(paths.journal) as journal:
        journal.write("state", state="stopped", reason="asked")
    later = launcher(paths)
    later.since += 60
    assert not later.said() and later.lost(KILLED, 3)


def test_it_gives_up_in_words(paths: RunPaths) -> None:
    assert launcher(paths).given_up(KILLED) == WorkerFailed.exit_code
    error, state = said(paths)
    assert "started again 3 times without getting anywhere" in error["what"]
    assert (state["state"], state["reason"]) == ("failed", error["what"])


def test_another_machine_speaks_only_for_an_error_of_its_own_rank(paths: RunPaths) -> None:
    launcher(paths, node=1).given_up(KILLED)
    assert not said(paths)
    told = Casualty(3, "rank 3: no", False, 2, UserError("rank 3: no", where="there"))
    assert launcher(paths, node=1).given_up(told) == 2
    assert [event["kind"] for event in said(paths)] == ["error", "state"]


def test_a_signal_asks_rank_0_and_is_obeyed_without_it_in_the_end(paths: RunPaths) -> None:
    began = launcher(paths)
    began.trains = True
    began._on_signal(signal.SIGTERM, None)
    began._on_signal(signal.SIGTERM, None)
    (asked,) = inbox.take(paths)
    assert (asked.command, dict(asked.args), asked.by, asked.who) == (
        "stop", {"when": "now"}, "SIGTERM", "",
    )  # fmt: skip
    began.look()  # there is time yet
    began.deadline = 0.0
    with pytest.raises(Leave):
        began.look()
    assert began.left() == 0 and not inbox.take(paths)
    command, state = said(paths)
    assert (command["command"], command["by"], command["accepted"]) == ("stop", "SIGTERM", True)
    assert state["state"] == "stopped" and "from its last checkpoint" in state["reason"]


def test_a_stop_that_rank_0_has_taken_is_waited_for(paths: RunPaths) -> None:
    began = launcher(paths)
    began.trains = True
    began._on_signal(signal.SIGUSR1, None)
    for asked in inbox.take(paths):
        inbox.done(asked)
    began.deadline = 0.0
    began.look()


def test_while_there_are_no_ranks_a_signal_ends_it_where_it_stands(paths: RunPaths) -> None:
    began = launcher(paths)
    with pytest.raises(Leave):
        began._on_signal(signal.SIGINT, None)
    assert not inbox.take(paths) and began.left() == 0
    assert said(paths)[-1]["reason"].endswith("while its processes were being started")


def test_the_newest_checkpoint_says_whether_it_gets_anywhere(paths: RunPaths) -> None:
    assert newest(paths.checkpoints) == newest(paths.root / "nowhere") == -1
    for name in ("00000100", "00000200", ".00000300.partial"):
        (paths.checkpoints / name).mkdir()
    assert newest(paths.checkpoints) == 200
