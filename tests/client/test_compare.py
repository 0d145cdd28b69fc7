"""Runs beside each other: one trunk, the knobs that differ and no others."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest

from tests.cli.recorded import record
from tuiwb.api import open_run
from tuiwb.base.errors import UserError
from tuiwb.client.compare import compare
from tuiwb.client.fork import make, prepare
from tuiwb.client.lineage import Stretch, lineage, shared
from tuiwb.run.create import create_watched
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.schema import dtype_steps
from tuiwb.run.table import TableWriter
from tuiwb.run.view import RunView


def forked(parent: Path, step: int, name: str, *overrides: str, more: int = 50) -> Path:
    """A fork of a recorded run that trained ``more`` steps on."""
    folder = RunPaths(parent).checkpoint(step)
    if not folder.exists():
        folder.mkdir()
        (folder / "state.pt").write_bytes(b"weights")
        (folder / "sha256").write_text(hashlib.sha256(b"weights").hexdigest())
    prepared = prepare(parent, step)
    child = make(prepared, parent.parent, prepared.changed(overrides), name=name)
    with TableWriter(RunPaths(child).tables, "steps", dtype_steps()) as table:
        rows = np.zeros(more, dtype_steps())
        rows["step"], rows["loss"] = np.arange(step + 1, step + 1 + more), 7.0
        table.append(rows)
    return child


@pytest.fixture
def family(tmp_path: Path) -> dict[str, RunView]:
    """A parent of 100 steps, two forks of it, and a fork of the first."""
    parent = record(tmp_path, name="parent", state="stopped")
    one = forked(parent, 60, "one", "optim.lr=0.5")
    forked(parent, 40, "two", "data.batch_size=8")
    forked(one, 80, "grandchild", "optim.lr=0.25")
    return {name: open_run(tmp_path / name) for name in ("parent", "one", "two", "grandchild")}


def test_whose_steps_they_are(family: dict[str, RunView]) -> None:
    chain = lineage(family["grandchild"])
    assert [(s.name, s.until) for s in chain] == [
        ("parent", 60),
        ("one", 80),
        ("grandchild", math.inf),
    ]


@pytest.mark.parametrize(
    ("one", "other", "step"),
    [("parent", "one", 60), ("two", "one", 40), ("two", "grandchild", 40),
     ("grandchild", "one", 80), ("grandchild", "parent", 60)],
)  # fmt: skip
def test_what_two_runs_share(family: dict[str, RunView], one: str, other: str, step: int) -> None:
    chains = lineage(family[one]), lineage(family[other])
    assert shared(*chains) == shared(*chains[::-1]) == step


def test_strangers_share_nothing() -> None:
    assert shared([Stretch("a", "a", math.inf)], [Stretch("b", "b", math.inf)]) == 0


def test_a_parent_that_is_gone_or_whose_name_another_took_still_joins_its_children(
    family: dict[str, RunView],
) -> None:
    parent = family["parent"].path
    parent.rename(parent.with_name("renamed"))
    record(parent.parent, name="parent")
    found = compare([family["one"], family["two"], open_run(parent.with_name("renamed"))])
    assert found.splits == {"one": 0, "two": 40, "renamed": 60}
    assert shared(lineage(open_run(parent)), lineage(family["one"])) == 0


def test_one_curve_that_splits(family: dict[str, RunView]) -> None:
    found = compare(list(family.values()))
    curves = {one.label: one for one in found.curves("loss")}
    assert curves["parent"].x[[0, -1]].tolist() == [1, 100]
    assert [curves[name].x[0] for name in ("one", "two", "grandchild")] == [60, 40, 80]
    for name, at in (("one", 60), ("two", 40)):
        assert curves[name].y[0] == curves["parent"].y[at - 1], "they part at a point of both"
        assert curves[name].y[1] == 7.0


def test_a_long_curve_splits_too(tmp_path: Path) -> None:
    parent = record(tmp_path, name="parent", state="stopped", steps=2000)
    child = forked(parent, 1000, "kid", more=1000)
    first, second = compare([open_run(parent), open_run(child)]).curves("loss")
    assert first.x[0] < 10 and 1000 <= second.x[0] <= 1005, "buckets of five steps"


def test_only_the_knobs_that_differ(family: dict[str, RunView]) -> None:
    found = compare([family["parent"], family["one"]])
    assert list(found.knobs) == ["optim.lr"]
    assert found.knobs["optim.lr"]["one"] == 0.5
    assert compare([family["one"], family["two"]]).knobs.keys() == {"optim.lr", "data.batch_size"}


def test_what_was_set_live_is_a_difference(tmp_path: Path) -> None:
    paths = [record(tmp_path, name=name) for name in ("one", "two")]
    with Journal(RunPaths(paths[1]).journal) as journal:
        journal.write("command", 30, command="set", args={"train.clip_norm": 2.0}, accepted=True)
    found = compare([open_run(path) for path in paths])
    assert list(found.knobs) == ["train.clip_norm"]
    assert found.set["train.clip_norm"] == {"two": [(30, 2.0)]}


def test_loops_of_ones_own_are_told_apart_by_what_they_told(tmp_path: Path) -> None:
    paths = [create_watched(tmp_path, "mine", {"lr": lr, "depth": 2}) for lr in (1, 2)]
    found = compare([open_run(path) for path in paths])
    assert found.knobs == {"lr": {"mine-0001": 1, "mine-0002": 2}}


def test_what_cannot_be_compared(family: dict[str, RunView]) -> None:
    with pytest.raises(UserError, match="one run alone"):
        compare([family["one"]])
    with pytest.raises(UserError, match="named twice"):
        compare([family["one"], family["two"], open_run(family["one"].path)])
    with pytest.raises(UserError, match="none of these runs has lost") as caught:
        compare([family["one"], family["two"]]).curves("lost")
    assert caught.value.nearest == "loss"
