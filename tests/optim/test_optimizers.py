"""Each optimiser against its update written out by hand, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tests.contracts.making import knobs, module

Array = np.ndarray
Update = Callable[[Array, Array, dict[str, Array], int], Array]
LR = 0.05


def sgd(momentum: float = 0.0, nesterov: bool = False) -> Update:
    def update(w: Array, g: Array, state: dict[str, Array], t: int) -> Array:
        v = momentum * state["v"] + g if t > 1 else g
        state["v"] = v
        return w - LR * (g + momentum * v if nesterov else v)

    return update


def adam(beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> Update:
    def update(w: Array, g: Array, state: dict[str, Array], t: int) -> Array:
        state["m"] = beta1 * state.get("m", 0 * w) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0 * w) + (1 - beta2) * g * g
        m, v = state["m"] / (1 - beta1**t), state["v"] / (1 - beta2**t)
        return w - LR * m / (np.sqrt(v) + eps)

    return update


def rmsprop(alpha: float = 0.99, momentum: float = 0.0, eps: float = 1e-8) -> Update:
    def update(w: Array, g: Array, state: dict[str, Array], t: int) -> Array:
        state["v"] = alpha * state.get("v", 0 * w) + (1 - alpha) * g * g
        scaled = g / (np.sqrt(state["v"]) + eps)
        state["b"] = momentum * state.get("b", 0 * w) + scaled
        return w - LR * state["b"]

    return update


def adagrad(initial: float = 0.0, eps: float = 1e-10) -> Update:
    def update(w: Array, g: Array, state: dict[str, Array], t: int) -> Array:
        state["s"] = state.get("s", 0 * w + initial) + g * g
        return w - LR * g / (np.sqrt(state["s"]) + eps)

    return update


CASES: list[tuple[str, dict[str, Any], Update]] = [
    ("sgd", {}, sgd()),
    ("sgd", {"momentum": 0.9}, sgd(0.9)),
    ("sgd", {"momentum": 0.9, "nesterov": True}, sgd(0.9, nesterov=True)),
    ("adam", {}, adam()),
    ("adam", {"beta1": 0.8, "beta2": 0.95, "eps": 1e-3}, adam(0.8, 0.95, 1e-3)),
    ("adamw", {"beta2": 0.99}, adam(beta2=0.99)),
    ("rmsprop", {}, rmsprop()),
    ("rmsprop", {"alpha": 0.9, "momentum": 0.5, "eps": 1e-4}, rmsprop(0.9, 0.5, 1e-4)),
    ("adagrad", {}, adagrad()),
    ("adagrad", {"initial": 0.3}, adagrad(0.3)),
]


@pytest.mark.parametrize("fused", [False, True], ids=["plain", "fused"])
@pytest.mark.parametrize(
    ("name", "values", "update"),
    CASES,
    ids=[f"{n}-{'-'.join(v) or 'default'}" for n, v, _ in CASES],
)
def test_equals_the_update_written_by_hand(
    name: str, values: dict[str, Any], update: Update, fused: bool
) -> None:
    start = np.linspace(-1.5, 2.0, 12).reshape(3, 4)
    weight = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimizer = module("optim", name).build(
        [{"params": [weight]}], knobs("optim", name, lr=LR, **values), fused
    )
    by_hand, state = start.copy(), {}
    for t in range(1, 41):
        gradient = np.sin(3 * by_hand) + 0.5 * by_hand + 0.1
        w = weight.detach().numpy()
        weight.grad = torch.from_numpy(np.sin(3 * w) + 0.5 * w + 0.1)
        optimizer.step()
        by_hand = update(by_hand, gradient, state, t)
        np.testing.assert_allclose(weight.detach().numpy(), by_hand, rtol=1e-6, atol=1e-9)


def test_nesterov_without_momentum_is_a_contradiction() -> None:
    with pytest.raises(ValueError, match="nesterov needs momentum"):
        knobs("optim", "sgd", nesterov=True)


def test_lbfgs_is_at_the_bottom_of_a_bowl_in_one_step() -> None:
    """A quadratic in n dimensions takes about n iterations, whatever its condition."""
    curvature = torch.tensor([1.0, 100.0, 0.01, 10.0], dtype=torch.float64)
    w = torch.nn.Parameter(torch.ones(4, dtype=torch.float64))
    optimizer = module("optim", "lbfgs").build(
        [{"params": [w]}], knobs("optim", "lbfgs", iterations=30), False
    )

    def closure() -> float:
        optimizer.zero_grad()
        loss = (curvature * w.square()).sum() / 2
        loss.backward()
        return float(loss.detach())

    optimizer.step(closure)
    assert closure() < 1e-10
