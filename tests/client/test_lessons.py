"""Checks are judged from what lies in run folders, and never met by what is missing or NaN."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from tests.cli.recorded import record
from tuiwb.api import open_run
from tuiwb.client.lessons import judge_one, metric
from tuiwb.run.view import RunView
from tuiwb.spec.lessons import (
    Check,
    FindingCheck,
    GapCheck,
    LayerCheck,
    MetricCheck,
    ReachCheck,
    StateCheck,
)


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunView]:
    """Two finished runs (loss 2.3 / sqrt(step), accuracy 0.1 then 0.97) and a crashed one."""
    runs = tmp_path_factory.mktemp("runs")
    return {
        "a": open_run(record(runs)),
        "b": open_run(record(runs)),
        "dead": open_run(record(runs, state=None)),
    }


def check(form: type[Any], /, **fields: Any) -> Check:
    made: Check = form(**{"run": "a", "reason": "r", **fields})
    return made


ACCURACY = {"metric": "val_accuracy"}


@pytest.mark.parametrize(
    ("asked", "value", "met"),
    [
        (check(MetricCheck, **ACCURACY, at_least=0.97), 0.999, True),
        (check(MetricCheck, **ACCURACY, at_most=0.96), 0.999, False),
        (check(MetricCheck, **ACCURACY, pick="lowest", at_most=0.11), 0.1, True),
        (check(MetricCheck, metric="grad_norm", at_most=0.01), 0.01, True),
        (check(MetricCheck, metric="grad_norm", pick="highest", at_least=1), 1.0, True),
        (check(MetricCheck, metric="no such", at_least=0), None, False),
        (check(GapCheck, **ACCURACY, over="b", at_most=0), 0.0, True),
        (check(GapCheck, **ACCURACY, over="b", at_least=0.1), 0.0, False),
        (check(GapCheck, metric="no such", over="b", at_most=9), None, False),
        (check(ReachCheck, **ACCURACY, level=0.9, at_most=100), 100.0, True),
        (check(ReachCheck, **ACCURACY, level=0.05, at_most=1), 1.0, True),
        (check(ReachCheck, **ACCURACY, level=0.9999, at_least=1000), math.inf, True),
        (check(ReachCheck, metric="loss", level=1.0, falling=True, at_most=6), 6.0, True),
        (check(LayerCheck, column="grad_norm", layer="last", at_most=0.01), 0.01, True),
        (check(LayerCheck, column="grad_norm", layer="f1", step="first", at_least=1), 1.0, True),
        (
            check(LayerCheck, column="grad_norm", layer="greatest", over="least", at_most=1),
            1.0,
            True,
        ),
        (check(LayerCheck, column="grad_norm", layer="f1", step="drift", at_most=1), 0.99, True),
        (check(LayerCheck, column="act_std", layer="last", step="drift", at_least=0.1), 0.0, False),
        (check(LayerCheck, column="no such", layer="last", step="drift", at_most=9), None, False),
        (check(LayerCheck, column="grad_norm", layer="first", kind="ReLU", at_most=9), None, False),
        (check(LayerCheck, column="no such", layer="first", at_most=9), None, False),
        (check(LayerCheck, column="grad_norm", layer="f2", at_most=9), None, False),
        (check(StateCheck, state="finished"), "finished", True),
        (check(StateCheck, state="diverged"), "finished", False),
        (check(StateCheck, run="dead", state="finished"), "crashed", False),
        (check(FindingCheck, symptom="divergence"), "none", False),
        (check(FindingCheck, symptom="divergence", present=False), "none", True),
    ],
)
def test_judge(
    asked: Check, value: float | str | None, met: bool, views: dict[str, RunView]
) -> None:
    judged = judge_one(asked, views)
    assert judged.met is met
    if isinstance(value, float) and math.isfinite(value):
        assert judged.value == pytest.approx(value, rel=1e-5)
    else:
        assert judged.value == value
    assert judged.words and judged.target and judged.as_dict()["met"] is met


def test_nan_meets_nothing(views: dict[str, RunView], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuiwb.client.lessons.metric", lambda *_: math.nan)
    for bound in ("at_least", "at_most"):
        assert not judge_one(check(MetricCheck, **ACCURACY, **{bound: 0}), views).met


def test_a_lost_value_in_between_does_not_hide_the_extremes(views: dict[str, RunView]) -> None:
    assert metric(views["a"], "loss", "highest") == pytest.approx(2.3)


def test_a_run_without_rows(tmp_path: Path) -> None:
    views = {"a": open_run(record(tmp_path, steps=0))}
    for asked in (
        check(MetricCheck, metric="loss", at_most=9),
        check(LayerCheck, column="grad_norm", layer="first", at_most=9),
    ):
        assert not judge_one(asked, views).met
