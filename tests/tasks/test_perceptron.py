"""Rosenblatt's rule, step by step, and Novikoff's bound on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.engine.recorder import trained
from tuiwb.data.dataset import Part
from tuiwb.tasks.perceptron import novikoff


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_makes_fewer_mistakes_than_the_bound(tmp_path: Path, seed: int) -> None:
    every = "train.clip_norm=1000000"  # which has the norm taken in every step
    _, sink, session = trained(tmp_path, "perceptron-blobs", every, f"train.seed={seed}")
    mistakes = sum(row.grad_norm > 0 for row in sink.rows)
    assert 0 < mistakes < session.task.bound
    assert sink.evaluations[-1][1]["train_mistakes"] == 0
    assert all(row.grad_norm == 0 for row in sink.rows[mistakes:]), "it moved after the last one"


def test_a_step_is_the_rule_written_by_hand(tmp_path: Path) -> None:
    _, _, session = trained(tmp_path, "perceptron-blobs", "train.steps=25")
    weights = np.zeros((2, 3))
    for step in range(25):
        inputs, targets = (t.numpy() for t in session.batches.at(step))
        for x, label in zip(inputs, targets, strict=True):
            x = np.append(x, 1.0)
            if weights[label] @ x <= weights[1 - label] @ x:
                weights[label] += x
                weights[1 - label] -= x
                break
    weight, bias = (p.detach().numpy() for p in session.model.parameters())
    np.testing.assert_allclose(np.column_stack((weight, bias)), weights, rtol=1e-4, atol=1e-4)


def test_the_bound_of_two_points_is_known() -> None:
    """Samples (1, 0, 1) and (-1, 0, 1): R^2 = 2, and (1, 0, 0) separates by 1."""
    part = Part(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]), torch.tensor([1, 0]))
    assert novikoff(part) == pytest.approx(2, rel=1e-3)


def test_there_is_no_bound_where_nothing_separates() -> None:
    part = Part(torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([1, 0, 1]))
    assert novikoff(part) is None
    assert novikoff(Part(torch.rand(3, 2), torch.tensor([0, 1, 2]))) is None


def test_a_tie_is_a_mistake(tmp_path: Path) -> None:
    _, _, session = trained(tmp_path, "perceptron-blobs", "train.steps=1")
    for parameter in session.model.parameters():
        nn.init.zeros_(parameter)
    metrics = session.task.evaluate(session.model, [session.batches.at(0)])
    assert metrics["accuracy"] == 0
    assert metrics["train_mistakes"] == len(session.dataset.train)
