"""Seeds together: mean and spread."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest

from tests.cli.conftest import Tuiwb


@pytest.mark.slow
def test_seeds_end_in_mean_and_spread(tuiwb: Tuiwb, tmp_path: Path) -> None:
    short = ("-s", "train.steps=20", "-s", "train.eval_every=0", "--device", "cpu")
    done = tuiwb("run", "mlp-digits", "--seeds", 3, *short, "--json", "--runs", tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [run["state"] for run in told["runs"]] == ["finished"] * 3
    figures = told["metrics"]["val_loss"]
    values = [run["metrics"]["val_loss"] for run in told["runs"]]
    assert figures["values"] == values and len(set(values)) == 3
    assert figures["mean"] == statistics.fmean(values)
    assert figures["sd"] == statistics.stdev(values)


def test_a_seed_is_not_set_where_seeds_vary(command: Tuiwb, tmp_path: Path) -> None:
    done = command("run", "mlp-digits", "--seeds", 3, "-s", "train.seed=4", "--runs", tmp_path)
    assert done.returncode == 2 and "train.seed is set and varies" in done.stderr
    assert not list(tmp_path.iterdir())
