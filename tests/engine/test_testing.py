"""The test part is looked at once, at the end, with the weights that the run ends with."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.engine.recorder import trained
from tests.scenarios.helpers import new_run, view
from tuiwb.engine.build import Session
from tuiwb.engine.evaluation import evaluate
from tuiwb.worker.work import work

QUICK = ("train.steps=40", "train.eval_every=10", "train.device=cpu", "data.test=0.2")


def on_test(session: Session) -> dict[str, float]:
    assert session.dataset.test is not None
    dataset = dataclasses.replace(session.dataset, val=session.dataset.test)
    return evaluate(dataclasses.replace(session, dataset=dataset))


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["softmax-digits", "linreg-diabetes", "char-rnn"])
def test_comes_once_and_last(preset: str, tmp_path: Path) -> None:
    outcome, sink, session = trained(tmp_path, preset, *QUICK)
    with_test = [any(n.startswith("test_") for n in metrics) for _, metrics, _ in sink.evaluations]
    assert with_test == [False] * 4 + [True]
    assert sink.evaluations[-1][0] == 40
    assert sink.evaluations[-1][1] == outcome.metrics
    for name, value in on_test(session).items():
        assert outcome.metrics[name.replace("val_", "test_")] == pytest.approx(value, rel=1e-6)
        assert name in outcome.metrics


def test_it_changes_nothing_and_nothing_is_chosen_by_it(tmp_path: Path) -> None:
    """A test part that is nothing but noise leaves the same weights and the same stop."""

    def spoil(session: Session) -> None:
        test = session.dataset.test
        assert test is not None
        test.inputs.fill_(1e6)

    early = (*QUICK, "train.patience=1", "optim.lr=0.5", "train.steps=400")
    fair, *_ = trained(tmp_path / "a", "softmax-digits", *early)
    foul, *_ = trained(tmp_path / "b", "softmax-digits", *early, before=spoil)
    assert fair.reason == foul.reason
    assert "early stopping" in fair.reason
    for name, value in fair.metrics.items():
        assert (foul.metrics[name] == value) is name.startswith("val_")


def test_after_early_stopping_it_is_of_the_best_weights(tmp_path: Path) -> None:
    early = (*QUICK, "train.patience=1", "optim.lr=0.5", "train.steps=400")
    outcome, sink, session = trained(tmp_path, "softmax-digits", *early)
    assert "restored" in outcome.reason
    assert outcome.metrics["test_accuracy"] == pytest.approx(on_test(session)["val_accuracy"])
    assert sink.evaluations[-1][2] is True


def test_a_task_that_judges_by_its_own_part_judges_by_this_one(tmp_path: Path) -> None:
    quick = ("train.steps=2", "train.eval_every=0", "train.device=cpu", "data.test=0.2")
    outcome, *_ = trained(tmp_path, "rbm-digits", *quick)
    # raw pixels of other samples: another share of them is right
    assert outcome.metrics["test_pixel_accuracy"] != outcome.metrics["val_pixel_accuracy"]


def test_without_a_part_nothing_is_tested(tmp_path: Path) -> None:
    outcome, sink, _ = trained(tmp_path, "softmax-digits", *QUICK[:3])
    assert len(sink.evaluations) == 4
    assert not any(name.startswith("test_") for name in outcome.metrics)


def test_is_in_the_run_s_table_journal_and_summary(tmp_path: Path) -> None:
    paths = new_run(tmp_path, "softmax-digits", *QUICK)
    assert work(str(paths.root)) == 0
    seen = view(paths)
    last = seen.table("evals").tail(1)[0]
    assert last["test_accuracy"] == pytest.approx(seen.metrics["test_accuracy"])
    assert seen.table("evals").rows == 4
    assert seen.data["test"] == 360
