"""The best so far: it only ever gets better, and no trial that failed is part of it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.cli.recorded import record
from tuiwb.api import open_run
from tuiwb.client.lessons import judge_one
from tuiwb.client.overlay import series
from tuiwb.client.trials import arms, best_so_far, results, settled
from tuiwb.plots.overlay import overlay
from tuiwb.spec.lessons import TrialsCheck, arm_of, trial_label


def test_best_so_far() -> None:
    values = np.array([math.nan, 3.0, 4.0, math.nan, 1.0, 2.0])
    assert best_so_far(values, falling=True)[1:].tolist() == [3, 3, 3, 1, 1]
    assert best_so_far(values, falling=False)[1:].tolist() == [3, 4, 4, 4, 4]
    assert math.isnan(best_so_far(values, falling=True)[0])
    assert len(best_so_far(np.empty(0), falling=True)) == 0


def test_a_label_of_a_trial_is_none_of_a_run() -> None:
    assert arm_of(trial_label("tpe", 12)) == "tpe"
    assert arm_of("std 1") == "" and arm_of("none") == ""


def test_trials_are_grouped_and_only_finished_ones_count(tmp_path: Path) -> None:
    views = {
        "grid #1": open_run(record(tmp_path)),
        "alone": open_run(record(tmp_path)),
        "grid #2": open_run(record(tmp_path, state="diverged")),
        "tpe #1": open_run(record(tmp_path)),
    }
    grouped = arms(views)
    assert {arm: len(runs) for arm, runs in grouped.items()} == {"grid": 2, "tpe": 1}
    values = results(grouped["grid"], "val_loss")
    assert values[0] == 0.1 and math.isnan(values[1])
    assert np.isnan(results(grouped["grid"], "no such")).all()


@pytest.mark.parametrize(
    ("fields", "value", "met"),
    [
        ({"run": "grid", "at_least": 0.9}, 0.999, True),
        ({"run": "grid", "over": "tpe", "at_least": 0}, 0.0, True),
        ({"run": "grid", "pick": "median", "at_least": 0.9}, 0.999, True),
        ({"run": "grid", "over": "tpe", "at_least": 0.1}, 0.0, False),
        ({"run": "grid", "over": "failed", "at_least": -1}, None, False),
        ({"run": "failed", "at_least": 0}, None, False),
        ({"run": "random", "at_least": 0}, None, False),
    ],
)
def test_checks(fields: dict[str, object], value: float | None, met: bool, tmp_path: Path) -> None:
    views = {
        "grid #1": open_run(record(tmp_path)),
        "tpe #1": open_run(record(tmp_path)),
        "failed #1": open_run(record(tmp_path, state="stopped")),
    }
    check = TrialsCheck(**{"metric": "val_accuracy", "pick": "highest", "reason": "r", **fields})
    judged = judge_one(check, views)
    assert judged.met is met
    assert judged.value == pytest.approx(value, nan_ok=True)


def test_samplers_are_laid_over_each_other_trial_by_trial(tmp_path: Path) -> None:
    views = {label: open_run(record(tmp_path)) for label in ("grid #1", "grid #2", "tpe #1")}
    drawn = series("lowest.val_loss", views)
    assert [(one.label, one.x.tolist(), one.y.tolist()) for one in drawn] == [
        ("grid", [1, 2], [0.1, 0.1]),
        ("tpe", [1], [0.1]),
    ]
    figure = overlay("lowest.val_loss", drawn, x_range=(0, 300))
    assert (figure.title, figure.x_label) == ("lowest val_loss so far, trial by trial", "trial")
    assert figure.x_range is None  # that was of steps


def test_a_run_that_trains_is_not_settled(tmp_path: Path) -> None:
    over = settled(record(tmp_path))
    assert over is not None and over.metrics["val_loss"] == 0.1
