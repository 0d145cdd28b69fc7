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


def test_pace_of_a_run_that_never_trained(tmp_path: Path) -> None:
    view = open_run(record(tmp_path, "failed", steps=0))
    assert summary.pace(view)[1:] == (None, None)
    assert "0/1 steps" in summary.in_words(view)
    assert summary.as_dict(view)["samples_per_s"] is None
