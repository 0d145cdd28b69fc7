"""`tuiwb lesson` on a lesson whose runs are the trials of a search."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tuiwb
from tuiwb.base.errors import UserError
from tuiwb.spec.lessons import lesson

MINE = """
preset  = "logreg-cancer"
set     = ["train.steps=20", "train.eval_every=20", "train.device=cpu"]
overlay = ["lowest.val_loss"]

[about]
title   = "Three points of a grid against three at random"
paper   = "nobody"
story   = "A search for a test."
look_at = "Nothing."

[search]
space    = ["optim.lr=log:1e-6:1"]
samplers = ["grid", "tpe"]
trials   = 3
metric   = "val_loss"
pick     = "lowest"

[[asserts]]
check   = "trials"
run     = "tpe"
over    = "grid"
metric  = "val_loss"
pick    = "lowest"
at_most = TARGET
reason  = "a search finds something"
"""


def mine(folder: Path, target: float = 9.0) -> Path:
    path = folder / "mine.toml"
    path.write_text(MINE.replace("TARGET", str(target)), "utf-8")
    return path


@pytest.mark.slow
def test_its_trials_are_runs_and_its_samplers_are_laid_over_each_other(
    tuiwb: Tuiwb, tmp_path: Path
) -> None:
    done = tuiwb("lesson", mine(tmp_path), "--runs", tmp_path / "runs")
    assert done.returncode == 0, done.stderr
    said = ("lowest val_loss so far, trial by trial", "grid", "tpe", "3/3", "optim.lr=", "<= 9")
    for words in (*said, "all checks met"):
        assert words in done.stdout
    assert len(list((tmp_path / "runs").iterdir())) == 6


@pytest.mark.slow
def test_its_json_has_every_trial_and_the_best_so_far(tuiwb: Tuiwb, tmp_path: Path) -> None:
    done = tuiwb("lesson", mine(tmp_path, -9), "--json", "--jobs", 2, "--runs", tmp_path / "runs")
    assert done.returncode == 1, done.stderr
    facts = json.loads(done.stdout)
    assert facts["met"] is False
    labels = [f"{arm} #{number}" for arm in ("grid", "tpe") for number in (1, 2, 3)]
    assert [run["label"] for run in facts["runs"]] == labels
    assert all(run["state"] == "finished" for run in facts["runs"])
    for arm, found in facts["search"]["samplers"].items():
        losses = [
            run["metrics"]["val_loss"]
            for run in facts["runs"]
            if run["label"].partition(" ")[0] == arm
        ]
        assert found["best_so_far"] == pytest.approx([min(losses[: i + 1]) for i in range(3)])
        assert found["best"] == pytest.approx(min(losses))
        (best,) = (run for run in facts["runs"] if run["run"] == found["run"])
        assert f"optim.lr={found['at']['optim.lr']}" in best["set"]


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ('over    = "grid"', 'over    = "random"', "there is no run 'random'"),
        ('run     = "tpe"', 'run     = "tpe #1"', "there is no run 'tpe #1'"),
        ("trials   = 3", "trials   = 0", "trials"),
        ('samplers = ["grid", "tpe"]', 'samplers = ["tpe", "tpe"]', "labels of their own"),
        ('preset  = "logreg-cancer"', "", "preset"),
        ('pick    = "lowest"', 'pick    = "mean"', "pick"),
    ],
)
def test_a_mistake_in_its_file_is_said(wrong: str, right: str, said: str, tmp_path: Path) -> None:
    path = mine(tmp_path)
    text = path.read_text("utf-8")
    assert wrong in text
    path.write_text(text.replace(wrong, right, 1), "utf-8")
    with pytest.raises(UserError) as error:
        lesson(str(path))
    assert said in str(error.value) and "mine.toml" in str(error.value)


def test_a_mistake_in_its_space_costs_no_training(command: Tuiwb, tmp_path: Path) -> None:
    path = mine(tmp_path)
    path.write_text(path.read_text("utf-8").replace("optim.lr=log", "optim.lrr=log"), "utf-8")
    done = command("lesson", path, "--runs", tmp_path / "runs")
    assert done.returncode == 2
    assert "unknown key optim.lrr" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()
