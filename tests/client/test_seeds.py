"""Which runs are one experiment in several seeds, and which metric is better which way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.client.test_compare import forked
from tests.tui.recorder import Recorder
from tuiwb.api import open_run
from tuiwb.client.better import best, less_is_better
from tuiwb.client.compare import compare
from tuiwb.client.seeds import seeds

Make = Callable[..., Recorder]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Recorder] = []

    def one(name: str, *overrides: str) -> Recorder:
        made.append(Recorder(tmp_path, name, overrides=overrides).start().train(4))
        return made[-1]

    yield one
    for each in made:
        each.release()


def test_runs_that_differ_in_their_seed_alone_are_together(tmp_path: Path, make: Make) -> None:
    make("a", "train.seed=1")
    make("b", "train.seed=2")
    make("c", "train.seed=3", "optim.lr=0.5")
    make("d", "train.seed=4").set({"optim.lr": 0.001})
    make("e", "train.seed=1")
    found = compare([open_run(tmp_path / name) for name in "abcde"])
    assert seeds(found, list("abcde")) == (("a", "b", "e"),)
    assert seeds(found, list("acd")) == ()


def test_a_fork_is_no_seed_of_its_parent(tmp_path: Path) -> None:
    from tests.cli.recorded import record

    parent = record(tmp_path, name="parent", state="stopped")
    forked(parent, 60, "child")
    found = compare([open_run(tmp_path / name) for name in ("parent", "child")])
    assert seeds(found, ["parent", "child"]) == ()


def test_the_best_is_the_one_that_the_name_asks_for() -> None:
    assert less_is_better("val_loss") and not less_is_better("val_accuracy")
    assert best("val_loss", {"a": 1.0, "b": 0.5, "c": float("nan")}) == "b"
    assert best("val_accuracy", {"a": 1.0, "b": 0.5}) == "a"
    assert best("val_accuracy", {"a": 1.0, "b": 1.0}) is None
    assert best("val_accuracy", {"a": 1.0}) is None
    assert best("temperature", {"a": 1.0, "b": 0.5}) is None
