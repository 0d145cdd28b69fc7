"""A user's own metrics: any name, any value, any number of them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

import tuiwb
from tests.watching.helpers import errors, network, steps_of
from tuiwb.api import open_run
from tuiwb.run.columns import LONGEST, column_names
from tuiwb.run.view import RunView
from tuiwb.watching.metrics import HEADER, TABLES, Metrics, figure_of, number_of


def told(folder: Path, *rows: dict[str, object], evaluate: bool = False) -> RunView:
    with tuiwb.watch(network(), None, runs=folder, name="r") as run:
        for row in rows:
            run.step(loss=1.0, **({} if evaluate else row))
            if evaluate:
                run.evaluate(**row)
    view = open_run(folder / "r")
    assert view.status.state == "finished" and not errors(view) and not view.problems
    assert len(steps_of(view)) == len(rows)
    return view


def columns(view: RunView) -> dict[str, np.ndarray]:
    found = {}
    for name, table in view.tables.items():
        if name.startswith("metrics"):
            rows = table.tail(1000)
            for column in table.columns:
                if column not in ("step", "time"):
                    assert column not in found
                    found[column] = rows[column]
    return found


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1.0), (True, 1.0), (np.float64(0.5), 0.5), ("0.25", 0.25), (torch.tensor([[2.0]]), 2.0),
        (torch.tensor(3), 3.0), (torch.tensor(1.0, requires_grad=True), 1.0), (1e300, math.inf),
        (-1e300, -math.inf), (10**40, math.inf), (-(10**400), -math.inf),
        (math.nan, math.nan), (-math.inf, -math.inf),
    ],
)  # fmt: skip
def test_numbers_of_every_kind(value: object, number: float) -> None:
    for found in (number_of(value, "m"), figure_of(value, "m")):
        assert found == number or (math.isnan(number) and math.isnan(found))
        assert np.array([(found,)], [("m", "<f4")])["m"][0] is not None  # fits without a warning


@pytest.mark.parametrize(
    "value", ["text", [1, 2], object(), 1 + 2j, torch.ones(3), torch.tensor(1j), {}, b"x"]
)
def test_what_is_no_number_is_said_and_left_out(tmp_path: Path, value: object) -> None:
    with pytest.warns(RuntimeWarning, match="'odd' is not a number"):
        view = told(tmp_path, {"odd": value, "fine": 1})
    found = columns(view)
    assert math.isnan(found["odd"][0]) and found["fine"][0] == 1


def test_a_loss_that_is_no_number(tmp_path: Path) -> None:
    with tuiwb.watch(network(), None, runs=tmp_path, name="r") as run:
        with pytest.warns(RuntimeWarning, match="'loss' is not a number"):
            run.step(loss=torch.ones(4))
        run.step(loss=2.0)
        run.step()
    losses = steps_of(open_run(tmp_path / "r"))["loss"]
    assert math.isnan(losses[0]) and losses[1] == 2 and math.isnan(losses[2])


def test_names_with_slashes_unicode_controls_and_300_characters(tmp_path: Path) -> None:
    names = [
        "train/acc", "../../etc/passwd", "Größe 精度 🙂", "x" * 300, "x" * 299 + "y", "\x1b[31mred",
        "two\nlines", "", " ", "step", "time", "loss/part", "a'b\"c\\", "%s{0}", "\udc80", "loss ",
    ]  # fmt: skip
    view = told(tmp_path, *({name: i for i, name in enumerate(names)} for _ in range(3)))
    found = columns(view)
    assert sorted(values[-1] for values in found.values()) == list(range(len(names)))
    for column in found:
        assert 0 < len(column) <= 100 and "\x1b" not in column and "\n" not in column
    assert found["train/acc"].tolist() == [0, 0, 0]
    for file in (tmp_path / "r" / "tables").glob("[ms][et]*"):
        assert len(np.load(file)) == 3  # plain NumPy reads it
    assert not list(tmp_path.glob("*passwd*"))


def test_the_same_names_in_an_evaluation(tmp_path: Path) -> None:
    names = ["a/b", "精度", "x" * 300, "\x1b[31mred", "step", "time"]
    view = told(tmp_path, {name: i for i, name in enumerate(names)}, evaluate=True)
    row = view.table("evals").tail(1)[0]
    assert [row[c] for c in view.table("evals").columns][2:] == list(range(len(names)))


def test_ten_thousand_metrics(tmp_path: Path) -> None:
    many = {f"metric/{i}": float(i) for i in range(10_000)}
    view = told(tmp_path, many, many)
    found = columns(view)
    assert found["metric/0"].tolist() == [0, 0] and len(found) == 10_000
    files = list((tmp_path / "r" / "tables").glob("metrics*"))
    assert len(files) <= TABLES
    size = sum(file.stat().st_size for file in files)
    assert size < 2 * 10_000 * 4 + len(files) * (HEADER + 2000)


def test_ten_thousand_metrics_of_one_evaluation(tmp_path: Path) -> None:
    many = {f"metric/{i}": float(i) for i in range(10_000)}
    view = told(tmp_path, many, {"loss": 0.5}, evaluate=True)
    assert view.table("evals").tail(9)["val_metric/0"][0] == 0
    assert columns(view)["val_metric/9999"].tolist() == [9999]
    assert len(view.table("evals").columns) < 100


def test_names_made_up_at_each_step_end_somewhere_and_are_said(tmp_path: Path) -> None:
    view = told(tmp_path, *({f"step {i}": i, "steady": i} for i in range(3 * TABLES)))
    assert len(list((tmp_path / "r" / "tables").glob("metrics*"))) == TABLES
    assert columns(view)["steady"].tolist() == list(range(3 * TABLES))
    said = [e for e in view.events if "too many names" in e.get("text", "")]
    assert len(said) == 1


def test_a_metric_lives_in_one_table_however_it_is_told(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"a": i} | ({"b": -i} if i % 2 else {}) for i in range(6)]
    found = columns(told(tmp_path, *rows))
    assert found["a"].tolist() == list(range(6))
    assert found["b"][np.isfinite(found["b"])].tolist() == [-1, -3, -5]


def test_metrics_that_are_not_finite(tmp_path: Path) -> None:
    found = columns(told(tmp_path, {"m": math.nan}, {"m": math.inf}, {"m": torch.tensor(-1e38)}))
    assert math.isnan(found["m"][0]) and found["m"][1] == math.inf and found["m"][2] < -9e37


def test_evaluations_told_in_several_calls_are_one(tmp_path: Path) -> None:
    with tuiwb.watch(network(), None, runs=tmp_path, name="r") as run:
        for i in range(3):
            run.step(loss=1.0)
            run.evaluate(loss=float(i))
            run.evaluate(accuracy=10.0 + i)
    table = open_run(tmp_path / "r").table("evals")
    rows = {row["step"]: row for row in table.tail(100)}
    assert [rows[s]["val_loss"] for s in (1, 2, 3)] == [0, 1, 2]
    assert [rows[s]["val_accuracy"] for s in (1, 2, 3)] == [10, 11, 12]


def test_the_best_evaluation_survives_one_that_is_not_finite(tmp_path: Path) -> None:
    losses = (3.0, math.nan, 2.0, 2.5, math.inf, 1.0)
    with tuiwb.watch(network(), None, runs=tmp_path, name="r") as run:
        for loss in losses:
            run.step(loss=1.0)
            run.evaluate(loss=loss)
    events = [e for e in open_run(tmp_path / "r").events if e["kind"] == "evaluation"]
    assert [e["best"] for e in events] == [True, False, True, False, False, True]


def test_closing_twice(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path)
    metrics.add(1, 2.0, {"a": 1.0})
    metrics.close()
    metrics.close()
    assert np.load(tmp_path / "metrics.0000.npy")["a"].tolist() == [1.0]


def test_many_names_that_begin_alike_are_told_apart_at_once() -> None:
    names = [f"{'x' * 200}{i}" for i in range(10_000)]
    columns = column_names(names)
    assert len(set(columns.values())) == 10_000
    assert max(map(len, columns.values())) <= LONGEST
