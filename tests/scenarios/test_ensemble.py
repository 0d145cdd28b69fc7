"""Two runs trained, then asked together: the command as a person types it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import command
from tests.scenarios.helpers import new_run
from tuiwb.worker.work import work

__all__ = ["command"]
Command = Callable[..., "subprocess.CompletedProcess[str]"]
QUICK = ("train.steps=30", "train.eval_every=0", "train.device=cpu", "probe.budget=0")


@pytest.mark.slow
def test_the_whole_way(tmp_path: Path, command: Command) -> None:
    for seed in (0, 1):
        paths = new_run(tmp_path, "softmax-digits", *QUICK, f"train.seed={seed}")
        assert work(str(paths.root)) == 0
    done = command("ensemble", "softmax-digits-0001", "softmax-digits-0002", "--json",
                   "--runs", tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert [row["run"] for row in facts["members"]] == [
        "softmax-digits-0001",
        "softmax-digits-0002",
    ]
    assert facts["samples"] == 450
    assert facts["ensemble"]["val_loss"] < facts["mean"]["val_loss"]
    assert facts["gain"]["val_accuracy"] == pytest.approx(
        facts["ensemble"]["val_accuracy"] - facts["mean"]["val_accuracy"]
    )
    alone = command("ensemble", "softmax-digits-0001", "--runs", tmp_path)
    assert alone.returncode == 2
    assert "at least two" in alone.stderr
