"""`tuiwb sweep`: what it prints of a sweep, what it keeps, and what it refuses to begin."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tuiwb
from tests.search.synthetic import Synthetic, asked, begin, conducted
from tuiwb.search.places import SweepPaths
from tuiwb.search.runner import Seen


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> SweepPaths:
    """A sweep of thirty trials, some of them pruned."""
    paths = begin(tmp_path_factory.mktemp("runs"), asked(trials=30, pruner="median"), "wide")
    conducted(paths, Synthetic())
    return paths


def test_show_has_the_best_the_plots_the_table_and_the_cost(
    command: Tuiwb, swept: SweepPaths
) -> None:
    done = command("sweep", "show", "wide", "--runs", swept.runs, "--plot",
                   "best,importance,parallel,slice,contour")  # fmt: skip
    assert done.returncode == 0, done.stderr
    for words in (
        "wide  finished  30/30 trials of mlp-digits, random, pruner median", "best val_loss",
        "val_loss, best so far", "importance: share", "every trial through all knobs",
        "the metric over each knob", "the metric over two knobs", "pruned (median)",
        "and 10 more; --json has all", "cost: ", "pruning spared", "tuiwb sweep best wide",
    ):  # fmt: skip
        assert words in done.stdout


def test_its_json_has_every_trial(command: Tuiwb, swept: SweepPaths) -> None:
    facts = json.loads(command("sweep", "show", "--json", "--runs", swept.runs).stdout)
    assert [row["trial"] for row in facts["rows"]] == list(range(1, 31))
    complete = [row["value"] for row in facts["rows"] if row["state"] == "complete"]
    assert facts["best"] == min(complete) and facts["state"] == "finished"
    assert facts["rows"][facts["best_trial"] - 1]["value"] == facts["best"]
    assert facts["steps"] == sum(row["steps"] for row in facts["rows"])
    assert set(facts["importance"]) == {"optim.lr", "model.width"}
    (listed,) = json.loads(command("sweep", "list", "--json", "--runs", swept.runs).stdout)
    assert listed["sweep"] == "wide" and listed["decided"] == listed["trials"] == 30


def test_best_writes_a_preset(command: Tuiwb, swept: SweepPaths, tmp_path: Path) -> None:
    out = tmp_path / "mine.toml"
    done = command("sweep", "best", "wide", "--out", out, "--runs", swept.runs)
    assert done.returncode == 0 and done.stdout.strip() == str(out)
    assert command("describe", out, "--help").returncode == 0
    again = command("sweep", "best", "wide", "--out", out, "--runs", swept.runs)
    assert again.returncode == 2 and "already" in again.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mlp-digits",), "there is nothing to search"),
        (("mlp-digits", "--space", "optim.lrr=1,2"), "nearest:  lr"),
        (("mlp-digits", "--space", "optim.lr=1,2", "--sampler", "tpa"), "nearest:  tpe"),
        (("mlp-digits", "--space", "optim.lr=1,2", "-s", "optim.lr=1"), "is set and varies"),
        (("mlp-digits", "--space", "optim.lr=1,2", "--trials", "0"), "that is no sweep"),
        (("mlp-digits", "wide", "--space", "optim.lr=1,2"), "what is 'wide' for?"),
        (("show", "wied"), "nearest:  wide"),
        (("show", "wide", "--plot", "slices"), "nearest:  slice"),
        (("resume", "wide", "--sampler", "gp"), "takes no --sampler"),
        (("show", "wide", "--retry-failed"), "takes no --retry-failed"),
        (("stop", "wide"), "nobody conducts wide"),
        (("mlp-digits", "--space", "optim.lr=1,2", "--name", "wide"), "asks for something else"),
    ],
)
def test_a_mistake_is_said(
    command: Tuiwb, swept: SweepPaths, words: tuple[str, ...], said: str
) -> None:
    done = command("sweep", *words, "--runs", swept.runs)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
    assert not list(swept.runs.glob("*-0001"))


def test_a_finished_sweep_is_not_trained_again(command: Tuiwb, swept: SweepPaths) -> None:
    done = command("sweep", "resume", "wide", "--runs", swept.runs, "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["decided"] == 30
    assert "nothing is left to train" in done.stderr


def test_it_says_how_those_that_failed_are_tried_again(command: Tuiwb, tmp_path: Path) -> None:
    paths = begin(tmp_path, asked(), "some")
    own = Seen("failed", 3, 1.0, [(1, 2.0)], ("val_loss",), reason="out of memory")
    dead = Seen("crashed", 3, 1.0, [(1, 2.0)], ("val_loss",), reason="crashed at step 3")
    conducted(paths, Synthetic(script={2: [own], 5: [dead]}))
    shown = command("sweep", "show", "some", "--plot", "none", "--runs", paths.runs).stdout
    assert "10 complete, 2 failed" in shown and "its worker was killed 3 times" in shown
    assert "tuiwb sweep resume some tries those again whose workers were killed" in shown
    assert "tuiwb sweep resume some --retry-failed tries all that failed again" in shown


def test_more_jobs_than_cores_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    from tuiwb.search.conduct import too_many

    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0, 1})
    assert too_many(2) == "" and "3 jobs on 2 cores" in too_many(3)


@pytest.mark.slow
def test_its_trials_are_runs_and_say_of_which_sweep(tuiwb: Tuiwb, tmp_path: Path) -> None:
    runs, file = tmp_path / "runs", tmp_path / "mine.toml"
    file.write_text(
        'preset = "logreg-cancer"\nspace = ["optim.lr=0.1,nothing"]\n'.replace("nothing", "0.01")
        + 'set = ["train.steps=10", "train.device=cpu"]\nsampler = "grid"\nname = 1\n'
    )
    assert "a sweep has no 'name'" in tuiwb("sweep", file, "--runs", runs).stderr
    file.write_text(file.read_text().replace("name = 1\n", ""))
    done = tuiwb("sweep", file, "--runs", runs, "--json", "--metric", "val_accuracy")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["pick"] == "highest" and facts["decided"] == 2
    for row in facts["rows"]:
        meta = json.loads((runs / row["run"] / "meta.json").read_text())
        assert meta["sweep"]["name"] == facts["sweep"] and meta["sweep"]["trial"] == row["trial"]
        assert meta["steps"] == 10
