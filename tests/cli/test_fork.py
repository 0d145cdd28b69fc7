"""``fork``, ``replay`` and ``compare`` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tuiwb
from tests.cli.recorded import record
from tests.client.test_compare import forked


@pytest.fixture
def runs(own_world: Path) -> Path:
    parent = record(own_world / "runs", name="parent", state="stopped")
    forked(parent, 60, "kid", "optim.lr=0.5")
    return own_world / "runs"


def test_compare_is_a_plot_and_two_tables(runs: Path, command: Tuiwb) -> None:
    done = command("compare", "parent", "kid")
    assert done.returncode == 0, done.stderr
    assert "◇ 60 kid" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["knob", "parent", "kid"] in rows
    assert [row[2] for row in rows if row[:1] == ["optim.lr"]] == ["0.5"]
    assert "train.seed" not in done.stdout
    assert "from parent at 60" in done.stdout


def test_many_runs_are_rows(runs: Path, command: Tuiwb) -> None:
    names = [record(runs).name for _ in range(6)]
    done = command("compare", *names)
    heads = [line.split()[0] for line in done.stdout.splitlines() if line.strip()]
    assert set(names) <= set(heads)
    assert "the same knobs in all of them" in done.stdout


def test_compare_as_json(runs: Path, command: Tuiwb) -> None:
    done = command("compare", "parent", "kid", "--metric", "lr", "--json")
    found = json.loads(done.stdout)
    parent, kid = found["runs"]
    assert found["metric"] == "lr"
    assert (kid["parent"], kid["forked_at"], kid["splits_at"]) == ("parent", 60, 60)
    assert (parent["parent"], parent["splits_at"]) == (None, None)
    assert kid["knobs"] == {"optim.lr": 0.5} and kid["x"][0] == 60 and parent["x"][0] == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("fork", "nobody"), "there is no run 'nobody'"),
        (("fork", "parent", "--at", "61"), "60 before it"),
        (("fork", "parent", "--at", "60", "-s", "optim.lr=-1"), "optim.lr is out of range"),
        (("fork", "parent", "--at", "60", "-s", "optim.lrr=1"), "unknown key optim.lrr"),
        (("fork", "parent", "--at", "60", "-s", "train.seed=1"), "tuiwb run"),
        (("fork", "parent", "--at", "60", "--name", "kid"), "there is a run kid already"),
        (("replay", "nobody"), "there is no run 'nobody'"),
        (("replay", "parent", "--name", "a/b"), "not a name for a run"),
        (("compare", "parent", "parent"), "named twice"),
        (("compare", "parent"), "one run alone"),
        (("compare", "parent", "kid", "-m", "losss"), "nearest:  loss"),
    ],
)
def test_bad_input_is_told_and_nothing_is_made(
    runs: Path, command: Tuiwb, words: tuple[str, ...], told: str
) -> None:
    before = sorted(path.name for path in runs.iterdir() if path.name[0] != ".")
    done = command(*words)
    assert done.returncode == 2 and told in done.stderr, done.stderr
    assert sorted(path.name for path in runs.iterdir() if path.name[0] != ".") == before
