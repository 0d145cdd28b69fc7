"""A run diagnosed after the fact: what its worker found, found again in its folder alone."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.doctor.here import trained_here
from tuiwb.api import open_run
from tuiwb.client.diagnose import ROUNDS, diagnose, windows
from tuiwb.engine.build import Session
from tuiwb.run.create import create
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.schema import STEPS, dtype_steps
from tuiwb.run.table import TableWriter
from tuiwb.spec import resolve

QUICK = ("train.steps=300", "train.eval_every=100")


@pytest.mark.parametrize(
    ("overrides", "symptom"),
    [
        (("init.name=zeros",), "symmetry"),
        (("optim.lr=0.3",), "lr-too-high"),
        (("data.name=wine", "model.hidden=[16]", "data.scaling=none"), "unscaled-input"),
    ],
)
def test_what_the_worker_found_is_found_again(
    tmp_path: Path, overrides: tuple[str, ...], symptom: str
) -> None:
    view = trained_here(tmp_path, "mlp-digits", *QUICK, *overrides)
    assert symptom in {finding["symptom"] for finding in view.findings}
    again = [finding for finding in diagnose(view) if finding.symptom == symptom]
    assert len(again) == 1
    json.dumps(again[0].as_dict(), allow_nan=False)


def test_a_healthy_run_is_healthy_live_and_after_the_fact(tmp_path: Path) -> None:
    view = trained_here(tmp_path, "mlp-digits", *QUICK)
    assert not view.findings
    assert diagnose(view) == []


def test_a_finding_that_the_spec_names_ends_the_run(tmp_path: Path) -> None:
    def poison(session: Session) -> None:
        with torch.no_grad():
            next(session.model.parameters()).fill_(math.inf)

    view = trained_here(
        tmp_path, "mlp-digits", "train.steps=2000", 'train.stop_on=["non-finite"]', before=poison
    )
    assert view.status.state == "stopped"
    assert view.status.step < 20
    error = next(event for event in view.events if event["kind"] == "error")
    assert error["exit_code"] == 3 and "non-finite" in error["what"]
    assert any(event["kind"] == "checkpoint" for event in view.events)


def test_a_long_run_is_looked_at_in_a_bounded_number_of_places(tmp_path: Path) -> None:
    path = create(tmp_path, resolve("mlp-digits"))
    Journal(RunPaths(path).journal).write("state", state="training")
    rows = np.zeros(100_000, dtype_steps())
    rows["step"] = np.arange(1, len(rows) + 1)
    rows["loss"] = 1 / np.sqrt(rows["step"])
    with TableWriter(RunPaths(path).tables, STEPS, rows.dtype) as table:
        table.append(rows)
    seen = list(windows(open_run(path)))
    assert len(seen) <= ROUNDS + 1
    assert seen[-1].step[-1] == 100_000


def test_a_run_without_a_step_has_no_window(tmp_path: Path) -> None:
    path = create(tmp_path, resolve("mlp-digits"))
    assert list(windows(open_run(path))) == []
