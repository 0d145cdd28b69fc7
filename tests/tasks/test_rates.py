"""Precision, recall and average precision are scikit-learn's."""

from __future__ import annotations

import pytest
import torch
from sklearn import metrics
from torch import nn

from tuiwb.engine.build import build, load_data
from tuiwb.engine.evaluation import evaluate
from tuiwb.spec import resolve
from tuiwb.tasks.classify import rates


@pytest.mark.parametrize("level", [-1.0, 0.0, 2.0])
def test_they_are_the_reference_s(level: float) -> None:
    random = torch.Generator().manual_seed(0)
    targets = (torch.rand(500, generator=random) < 0.1).long()
    scores = torch.randn(500, generator=random) + targets
    said = (scores > level).long()
    expected = (
        metrics.precision_score(targets, said),
        metrics.recall_score(targets, said),
        metrics.average_precision_score(targets, scores),
    )
    assert rates(scores, targets, level).tolist() == pytest.approx(expected, abs=1e-6)


def test_nothing_said_and_nothing_there_are_no_drama() -> None:
    scores = torch.randn(10)
    assert rates(scores, torch.ones(10).long(), 100.0).tolist() == pytest.approx((0, 0, 1))
    assert rates(scores, torch.zeros(10).long(), -100.0).tolist() == [0, 0, 0]


def test_a_threshold_moves_recall_against_precision_and_nothing_else() -> None:
    def judged(threshold: float) -> dict[str, float]:
        session = build(resolve("logreg-cancer", [f"task.threshold={threshold}"]).spec)
        return evaluate(session)

    low, high = judged(0.3), judged(0.7)
    assert low["val_recall"] >= high["val_recall"]
    for name in ("val_loss", "val_average_precision"):
        assert low[name] == high[name]


def test_one_sample_in_a_hundred_is_rare() -> None:
    spec = resolve("logreg-cancer", ["data.name=rare", "data.samples=4000"]).spec
    data = load_data(spec)
    assert data.train.targets is not None
    assert float(data.train.targets.float().mean()) == pytest.approx(0.01, abs=0.003)
    assert isinstance(build(spec).model, nn.Module)
