"""The lines of progress: what they hold, and that a log is not filled with the same one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.recorded import record
from tuiwb.api import open_run
from tuiwb.cli.progress import facts, reporter


def training(runs: Path, step: int = 100, steps: int = 300) -> object:
    view = open_run(record(runs))
    status = replace(view.status, state="training", words="training", step=step, steps=steps)
    return replace(view, status=status)


def test_facts_of_a_run_that_trains(tmp_path: Path) -> None:
    assert facts(training(tmp_path)) == (  # type: ignore[arg-type]
        "step 100/300  ETA 0:02  loss 0.23  val_accuracy 0.999  6.4k samples/s"
    )


def test_facts_of_a_run_that_has_nothing_to_tell_yet(tmp_path: Path) -> None:
    view = open_run(record(tmp_path, steps=0))
    assert facts(view) == view.status.words


def test_a_log_gets_a_line_when_something_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = reporter(interval=0)  # captured, so not a terminal
    for _ in range(3):
        lines.update(training(tmp_path))  # type: ignore[arg-type]
    lines.update(open_run(tmp_path / "mlp-digits-0001"))
    lines.close()
    said = capsys.readouterr().err.splitlines()
    assert [line.split("  ")[0] for line in said][-1] == "mlp-digits-0001"
    assert said[-1].endswith("finished at step 100: the end")
    assert len(said) == len(set(said)) == 4, "three runs and one end"


def test_an_interval_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = reporter(interval=3600)
    for step in (100, 101, 102):
        lines.update(training(tmp_path, step))  # type: ignore[arg-type]
    assert len(capsys.readouterr().err.splitlines()) == 1
