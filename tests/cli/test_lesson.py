"""`tuiwb lesson` and the lessons, seeds and jobs of `tuiwb verify`, from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tuiwb
from tuiwb.api import open_run
from tuiwb.spec.lessons import paths

MINE = """
preset  = "logreg-cancer"
set     = ["train.steps=40", "train.eval_every=20", "train.device=cpu"]
overlay = ["val_accuracy", "layers.grad_norm"]

[about]
title   = "Any data will do"
paper   = "nobody"
story   = "A lesson for a test."
look_at = "Nothing."

[[runs]]
label = "fast"
set   = ["optim.lr=0.1"]
[[runs]]
label = "slow"
set   = ["optim.lr=1e-6"]

[[asserts]]
check    = "gap"
run      = "fast"
over     = "slow"
metric   = "val_accuracy"
at_least = TARGET
reason   = "a step must be long enough"
"""


def mine(folder: Path, target: float = 0.01) -> Path:
    path = folder / "mine.toml"
    path.write_text(MINE.replace("TARGET", str(target)), "utf-8")
    return path


def test_lessons_are_listed(command: Tuiwb) -> None:
    done = command("lesson")
    assert done.returncode == 0
    assert all(f"\n{name}  " in f"\n{done.stdout}" for name in paths())
    listed = json.loads(command("lesson", "--json").stdout)
    assert {entry["name"] for entry in listed} == set(paths())
    assert all(entry["title"] and entry["story"] and entry["runs"] for entry in listed)


@pytest.mark.slow
def test_a_lesson_trains_its_runs_and_shows_what_they_show(tuiwb: Tuiwb, tmp_path: Path) -> None:
    done = tuiwb("lesson", mine(tmp_path), "--runs", tmp_path / "runs", "--jobs", 2)
    assert done.returncode == 0, done.stderr
    said = ("Any data will do", "A lesson for a test.", "val_accuracy", "fast", "slow")
    for words in (*said, "grad_norm layer by layer", ">= 0.01", "a step must", "all checks met"):
        assert words in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert len(list((tmp_path / "runs").iterdir())) == 2


@pytest.mark.slow
def test_a_lesson_that_is_not_met_says_so_and_ends_with_1(tuiwb: Tuiwb, tmp_path: Path) -> None:
    done = tuiwb("lesson", mine(tmp_path, 2.0), "--json", "--runs", tmp_path / "runs")
    assert done.returncode == 1, done.stderr
    facts = json.loads(done.stdout)
    assert facts["met"] is False
    assert [run["label"] for run in facts["runs"]] == ["fast", "slow"]
    assert all(run["state"] == "finished" and run["metrics"] for run in facts["runs"])
    (check,) = facts["asserts"]
    assert (check["met"], check["target"]) == (False, ">= 2") and check["value"] < 2


@pytest.mark.slow
def test_verify_over_seeds_with_a_lesson(tuiwb: Tuiwb, tmp_path: Path, own_world: Path) -> None:
    folder = own_world / "config" / "tuiwb" / "presets" / "lessons"
    folder.mkdir(parents=True)
    mine(folder)
    asked = ("logreg-cancer", "mine", "--seeds", 2, "--jobs", 2)
    done = tuiwb("verify", *asked, "--json", "--runs", tmp_path / "runs")
    assert done.returncode == 0, done.stderr
    verdict = json.loads(done.stdout)
    (row,), (taught,) = verdict["presets"], verdict["lessons"]
    assert len(row["values"]) == 2 and row["value"] == pytest.approx(sum(row["values"]) / 2)
    assert (taught["checks"], taught["checks_met"], len(taught["seeds"])) == (2, 2, 2)
    seeds = {
        open_run(tmp_path / "runs" / run).spec.get("train.seed")  # type: ignore[union-attr]
        for run in row["runs"]
    }
    assert seeds == {0, 1}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lesson", "zero-innit"], "unknown lesson 'zero-innit'"),
        (["lesson", "mlp-digits"], "unknown lesson"),
        (["verify", "zero-innit"], "unknown preset"),
    ],
)
def test_an_unknown_name(arguments: list[str], said: str, command: Tuiwb, tmp_path: Path) -> None:
    done = command(*arguments, "--runs", tmp_path / "runs")
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()
