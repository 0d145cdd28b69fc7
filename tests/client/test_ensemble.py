"""Runs that do not belong together are refused from their folders alone: no worker is started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuiwb.api import open_run
from tuiwb.base.errors import UserError
from tuiwb.client.ensemble import check, ensemble
from tuiwb.run.create import create
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.view import RunView
from tuiwb.spec import resolve


def left(
    runs: Path,
    *overrides: str,
    preset: str = "softmax-digits",
    fingerprint: str = "f" * 16,
    state: str = "finished",
    checkpoint: bool = True,
) -> RunView:
    """A run as its worker left it."""
    paths = RunPaths(create(runs, resolve(preset, overrides)))
    with Journal(paths.journal) as journal:
        journal.write("data", name="digits", fingerprint=fingerprint)
        journal.write("state", 9, state=state)
    if checkpoint:
        paths.checkpoint(9).mkdir(parents=True)
    return open_run(paths.root)


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "split": ({"fingerprint": "0" * 16}, "another split"),
    "task": ({"preset": "linreg-diabetes"}, "different tasks"),
    "no checkpoint": ({"checkpoint": False}, "no checkpoint"),
    "not ended": ({"state": "training"}, "has not ended"),
    "cannot be averaged": ({"preset": "gan-ring"}, "cannot be averaged"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_does_not_belong_together(case: str, tmp_path: Path) -> None:
    odd, words = CASES[case]
    views = [left(tmp_path), left(tmp_path, **odd)]
    with pytest.raises(UserError, match=words) as refused:
        ensemble(views, command=["/nonexistent/worker"])
    assert any(view.id in str(refused.value) for view in views)


def test_one_run_is_none(tmp_path: Path) -> None:
    view = left(tmp_path)
    with pytest.raises(UserError, match="at least two"):
        check([view])
    with pytest.raises(UserError, match="named twice"):
        check([view, view])


def test_a_network_of_one_s_own_is_not_executed(tmp_path: Path) -> None:
    view = left(tmp_path, "model.name=nets:Net", preset="mlp-digits")
    with pytest.raises(UserError, match="network of one's own") as refused:
        check([view, view, left(tmp_path)][1:])
    assert refused.value.found == "nets:Net"


def test_runs_that_belong_together_pass(tmp_path: Path) -> None:
    check([left(tmp_path), left(tmp_path, "train.seed=1")])
