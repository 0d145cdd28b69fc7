"""What every loss promises, whichever it is."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.contracts.making import knobs, module, names
from tuiwb.data.batches import generator
from tuiwb.spec.declarations import declared

PAIRS: list[tuple[str, str]] = [
    (name, task)
    for name in names("loss")
    for task in declared("loss", name).serves  # type: ignore[attr-defined]
]


def _loss(name: str) -> Any:
    return module("loss", name).build(knobs("loss", name))


def _batch(name: str, task: str, count: int, scale: float = 1.0) -> tuple[Tensor, Tensor]:
    random = generator(1)
    if declared("task", task).targets not in ("classes", "tokens", "boxes"):  # type: ignore[attr-defined]
        return (
            scale * torch.randn(count, 2, generator=random),
            torch.randn(count, 2, generator=random),
        )
    outputs = 1 if declared("loss", name).single else 4  # type: ignore[attr-defined]
    shape = (count, 5) if task == "language" else (count,)
    targets = torch.randint(max(outputs, 2), shape, generator=random)
    return scale * torch.randn(*shape, outputs, generator=random), targets


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_is_the_mean_over_samples(name: str, task: str) -> None:
    outputs, targets = _batch(name, task, 6)
    loss = _loss(name)
    whole = loss(outputs, targets)
    assert whole.shape == () and whole >= 0
    each = torch.stack([loss(outputs[i : i + 1], targets[i : i + 1]) for i in range(6)])
    torch.testing.assert_close(whole, each.mean())


@pytest.mark.parametrize(("name", "task"), PAIRS)
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_loss_and_gradient_stay_finite(name: str, task: str, scale: float) -> None:
    outputs, targets = _batch(name, task, 6, scale)
    outputs.requires_grad_()
    _loss(name)(outputs, targets).backward()
    assert outputs.grad is not None and torch.isfinite(outputs.grad).all()


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_its_gradient_leads_down(name: str, task: str) -> None:
    outputs, targets = _batch(name, task, 6)
    outputs.requires_grad_()
    loss = _loss(name)
    before = loss(outputs, targets)
    (gradient,) = torch.autograd.grad(before, outputs)
    assert loss(outputs.detach() - 0.1 * gradient, targets) < before


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_gradient_against_finite_differences(name: str, task: str) -> None:
    outputs, targets = _batch(name, task, 3)
    loss = _loss(name)
    exact = outputs.double().requires_grad_()
    goal = targets.double() if targets.is_floating_point() else targets
    assert torch.autograd.gradcheck(lambda o: loss(o, goal), (exact,))
