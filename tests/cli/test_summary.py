"""How a run ended, as an exit code and in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.recorded import record
from tuiwb.api import open_run
from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.cli import summary
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import WorkerLock


@pytest.mark.parametrize(
    ("state", "code"),
    [("finished", 0), ("stopped", 0), ("diverged", 3), ("failed", 4), (None, 4)],
)
def test_exit_codes_by_state(state: str | None, code: int, tmp_path: Path) -> None:
    assert summary.exit_code(open_run(record(tmp_path, state))) == code


@pytest.mark.parametrize(
    ("state", "error", "code"),
    [
        ("stopped", UserError("the disk took no more", next="make room"), 2),
        ("failed", UserError("out of memory"), 2),
        ("failed", WorkerFailed("the worker failed: KeyError"), 4),
    ],
)
def test_what_the_worker_reported_decides_and_is_told(
    state: str, error: UserError, code: int, tmp_path: Path
) -> None:
    path = record(tmp_path, "training")
    with Journal(RunPaths(path).journal) as journal:
        journal.write("error", 100, **error.as_dict())
        journal.write("state", 100, state=state, reason=error.what)
    view = open_run(path)
    assert summary.exit_code(view) == code
    words = summary.in_words(view)
    assert error.what in words
    assert "Segmentation fault" not in words, "the error says more than the log's end"
    assert error.next in words


@pytest.mark.parametrize(
    ("state", "offered"),
    [("stopped", True), ("failed", True), (None, True), ("finished", False), ("training", False)],
)
def test_how_it_goes_on_is_said_of_a_run_that_ended_early(
    state: str | None, offered: bool, tmp_path: Path
) -> None:
    path = record(tmp_path, state)
    held = WorkerLock(RunPaths(path).lock)
    if state == "training":
        held.acquire()
    words = summary.in_words(open_run(path))
    held.release()
    assert (f"go on with: tuiwb resume {path.name}" in words) is offered


def test_a_resumed_run_has_put_its_error_behind(tmp_path: Path) -> None:
    path = record(tmp_path, "training")
    with Journal(RunPaths(path).journal) as journal:
        journal.write("error", 100, **UserError("the disk took no more").as_dict())
        journal.write("state", 100, state="stopped", reason="the disk took no more")
        journal.write("state", state="starting")
        journal.write("state", 120, state="stopped", reason="cli asked it to stop")
    view = open_run(path)
    assert summary.exit_code(view) == 0
    assert "the disk took no more" not in summary.in_words(view)


def test_pace_of_a_run_that_never_trained(tmp_path: Path) -> None:
    view = open_run(record(tmp_path, "failed", steps=0))
    assert summary.pace(view)[1:] == (None, None)
    assert "0/1 steps" in summary.in_words(view)
    assert summary.as_dict(view)["samples_per_s"] is None


def test_what_it_trained_on_and_what_that_took(tmp_path: Path) -> None:
    path = record(tmp_path, "training")
    with Journal(RunPaths(path).journal) as journal:
        journal.write("data", name="random-tokens", train=1, val=1, unit="tokens")
        journal.write("device", device="cuda:0", hardware="NVIDIA H200")
        journal.write(
            "state", 100, state="finished", peak_memory=2_000_000_000, device_memory=34_500_000_000
        )
    view = open_run(path)
    words = summary.in_words(view)
    assert "at 6.4k tokens/s" in words
    assert "on NVIDIA H200, 2 GB of memory, 34.5 GB of the GPU's own" in words
    told = summary.as_dict(view)
    assert (told["unit"], told["device"]) == ("tokens", "NVIDIA H200")
    assert (told["memory"], told["device_memory"]) == (2_000_000_000, 34_500_000_000)


def test_a_worker_that_said_nothing_of_its_machine_has_no_line_for_it(tmp_path: Path) -> None:
    view = open_run(record(tmp_path, None, memory=None))
    assert summary.peak_memory(view) is None
    assert " of memory" not in summary.in_words(view)
