"""Penalties against autograd of what they stand for, and decay against torch's AdamW."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.contracts.making import knobs, module
from tuiwb.optim.regularizers import Regularizer


def _model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 2))


@pytest.mark.parametrize(("l1", "l2"), [(0.1, 0.0), (0.0, 0.3), (0.1, 0.3)])
def test_gradients_are_those_of_the_penalty(l1: float, l2: float) -> None:
    model, x = _model(), torch.randn(8, 4, generator=torch.Generator().manual_seed(1))
    regularizer = Regularizer(model, l1=l1, l2=l2)
    model(x).square().mean().backward()
    regularizer.add_gradients()
    added = [p.grad.clone() for p in model.parameters() if p.grad is not None]

    model.zero_grad()
    penalty = sum(l1 * w.abs().sum() + l2 / 2 * w.square().sum() for w in regularizer.weights)
    (model(x).square().mean() + penalty).backward()
    for gradient, parameter in zip(added, model.parameters(), strict=True):
        torch.testing.assert_close(gradient, parameter.grad)
    assert isinstance(penalty, torch.Tensor)
    assert regularizer.penalty() == pytest.approx(penalty.item(), rel=1e-5)


def test_only_weight_matrices_are_penalised() -> None:
    model = _model()
    assert [tuple(w.shape) for w in Regularizer(model).weights] == [(6, 4), (2, 6)]


def test_a_shared_matrix_is_penalised_once() -> None:
    model = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 5, bias=False))
    model[1].weight = model[0].weight
    before = model[0].weight.detach().clone()
    model(torch.tensor([1])).sum().backward()
    Regularizer(model, weight_decay=0.5).decay(0.1)
    torch.testing.assert_close(model[0].weight.detach(), before * 0.95)


def test_frozen_and_unused_weights_are_left_alone() -> None:
    model = _model()
    model[0].weight.requires_grad_(False)
    regularizer = Regularizer(model, l1=1.0, l2=1.0)
    regularizer.add_gradients()  # nothing has a gradient yet
    assert all(p.grad is None for p in model.parameters())
    assert len(regularizer.weights) == 1


@pytest.mark.parametrize("strengths", [{}, {"l1": 0.0, "l2": 0.0, "weight_decay": 0.0}])
def test_zero_changes_no_bit(strengths: dict[str, float]) -> None:
    model = _model()
    model(torch.ones(2, 4)).sum().backward()
    before = [
        (p.detach().clone(), p.grad.clone()) for p in model.parameters() if p.grad is not None
    ]
    regularizer = Regularizer(model, **strengths)
    regularizer.add_gradients()
    regularizer.decay(0.1)
    for (weight, gradient), parameter in zip(before, model.parameters(), strict=True):
        assert torch.equal(weight, parameter.detach()) and torch.equal(gradient, parameter.grad)


def test_decoupled_decay_with_adamw_is_torchs_adamw() -> None:
    mine, theirs = nn.Linear(5, 3, bias=False), nn.Linear(5, 3, bias=False)
    theirs.load_state_dict(mine.state_dict())
    made = knobs("optim", "adamw", lr=0.01)
    optimizer = module("optim", "adamw").build([{"params": list(mine.parameters())}], made, False)
    reference = torch.optim.AdamW(theirs.parameters(), lr=0.01, weight_decay=0.2)
    regularizer = Regularizer(mine, weight_decay=0.2)
    x = torch.randn(7, 5, generator=torch.Generator().manual_seed(0))
    for _ in range(20):
        for layer, steps in ((mine, optimizer), (theirs, reference)):
            steps.zero_grad()
            layer(x).square().mean().backward()
            if layer is mine:
                regularizer.add_gradients()
                regularizer.decay(0.01)
            steps.step()
    torch.testing.assert_close(mine.weight, theirs.weight, rtol=1e-6, atol=1e-8)


def test_strengths_are_read_at_every_step() -> None:
    model = nn.Linear(3, 3)
    regularizer = Regularizer(model)
    before = model.weight.detach().clone()
    model(torch.ones(1, 3)).sum().backward()
    regularizer.decay(0.1)
    assert torch.equal(model.weight.detach(), before)
    regularizer.weight_decay = 1.0
    regularizer.decay(0.1)
    torch.testing.assert_close(model.weight.detach(), 0.9 * before)
