"""A stop condition ends a run at the first evaluation that meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.recorder import trained
from tuiwb.base.errors import UserError

SHORT = ("train.steps=60", "train.eval_every=10")


@pytest.mark.parametrize("condition", ["val_accuracy >= 0.8", "val_loss < 0.9"])
def test_the_first_evaluation_that_meets_it_is_the_last(tmp_path: Path, condition: str) -> None:
    metric, sign, level = condition.split()
    free = trained(tmp_path / "a", "mlp-digits", *SHORT)[1]
    met = [
        step
        for step, metrics, _ in free.evaluations
        if (metrics[metric] >= float(level) if sign == ">=" else metrics[metric] < float(level))
    ]
    assert 10 < met[0] < 60, "the level is reached in between, or this shows nothing"
    outcome, sink, session = trained(
        tmp_path / "b", "mlp-digits", *SHORT, f"train.stop_when={condition}"
    )
    assert outcome.state == "finished" and session.step == met[0]
    assert outcome.reason.startswith(f"{metric} ") and f"{sign} {level}, as asked" in outcome.reason
    assert sink.evaluations[-1][0] == met[0] and outcome.metrics == sink.evaluations[-1][1]
    assert sink.losses == free.losses[: met[0]], "asking changes no bit"


def test_a_run_that_ends_early_takes_its_last_pictures(tmp_path: Path) -> None:
    _, sink, session = trained(
        tmp_path, "playground-2d", "train.steps=3000", "train.eval_every=2",
        "train.stop_when=val_loss < 0.49", "probe.budget=0.001",
    )  # fmt: skip
    assert 2 < session.step < 3000
    taken = [step for step, picture in sink.pictures if picture.name == "decision boundary"]
    assert taken[0] == 2 and taken[-1] == session.step and len(set(taken)) == len(taken)


def test_one_that_is_never_met_changes_nothing(tmp_path: Path) -> None:
    outcome, sink, _ = trained(tmp_path, "mlp-digits", *SHORT, "train.stop_when=val_loss<0")
    assert outcome.reason == "all steps done" and len(sink.rows) == 60


@pytest.mark.parametrize(
    ("preset", "condition", "said"),
    [
        ("mlp-digits", "val_acuracy > 0.9", "val_accuracy"),
        ("mlp-digits", "val_recall > 0.9", "val_loss, val_accuracy"),
        ("reg-2d", "val_accuracy > 0.9", "val_r2"),
    ],
)
def test_a_metric_that_is_not_reported_is_told_before_the_first_step(
    tmp_path: Path, preset: str, condition: str, said: str
) -> None:
    with pytest.raises(UserError, match="does not report") as caught:
        trained(tmp_path, preset, *SHORT, f"train.stop_when={condition}")
    assert said in caught.value.allowed and caught.value.where == "train.stop_when"


def test_a_metric_of_two_classes_alone(tmp_path: Path) -> None:
    outcome, _, _ = trained(
        tmp_path, "logreg-cancer", "train.steps=40", "train.eval_every=20",
        "train.stop_when=val_recall >= 0",
    )  # fmt: skip
    assert outcome.reason.startswith("val_recall")
