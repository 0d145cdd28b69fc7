"""Each initialiser against the formula it is named for, on every kind of layer."""

from __future__ import annotations

from math import sqrt
from typing import Any

import pytest
import torch
from torch import nn

from tests.contracts.making import TOKENS, build_model, knobs, module
from tuiwb.optim.initializers.matrices import matrices

WIDTH = 96


def _layers() -> nn.ModuleDict:
    return nn.ModuleDict(
        {
            "linear": nn.Linear(2 * WIDTH, WIDTH),
            "conv": nn.Conv2d(24, 48, 5),
            "grouped": nn.Conv1d(48, 96, 7, groups=4),
            "transposed": nn.ConvTranspose2d(48, 24, 5),
            "lstm": nn.LSTM(WIDTH, WIDTH // 2),
            "attention": nn.MultiheadAttention(WIDTH, 4),
        }
    )


FANS = {
    "linear": [(2 * WIDTH, WIDTH)],
    "conv": [(24 * 25, 48 * 25)],
    "grouped": [(12 * 7, 24 * 7)],
    "transposed": [(48 * 25, 24 * 25)],
    "lstm": [(WIDTH, WIDTH // 2)] * 4 + [(WIDTH // 2, WIDTH // 2)] * 4,
    "attention": [(WIDTH, WIDTH)] * 4,
}
"""Worked out by hand: inputs that one output sees, outputs that one input reaches."""


@pytest.mark.parametrize("kind", FANS)
def test_fans(kind: str) -> None:
    found = [(m.fan_in, m.fan_out) for m in matrices(_layers()[kind])]
    assert sorted(found) == sorted(FANS[kind])


def _initialise(model: nn.Module, name: str, **values: Any) -> None:
    made = knobs("init", name, **values)
    module("init", name).initialise(model, made, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", FANS)
@pytest.mark.parametrize("distribution", ["uniform", "normal"])
@pytest.mark.parametrize(
    ("name", "values"),
    [("xavier", {}), ("xavier", {"gain": 5 / 3}), ("he", {}), ("he", {"fan": "out", "gain": 1.0})],
)
def test_variance_against_its_formula(
    kind: str, distribution: str, name: str, values: dict[str, Any]
) -> None:
    layer = _layers()[kind]
    _initialise(layer, name, distribution=distribution, **values)
    for matrix in matrices(layer):
        fan_in, fan_out = matrix.fan_in, matrix.fan_out
        if name == "xavier":
            variance = values.get("gain", 1.0) ** 2 * 2 / (fan_in + fan_out)
        else:
            variance = values.get("gain", sqrt(2)) ** 2 / (fan_out if "fan" in values else fan_in)
        # the sample variance of n numbers is within a few parts in sqrt(n) of the true one
        tolerance = 6 * sqrt(2 / matrix.weight.numel())
        assert float(matrix.weight.var()) == pytest.approx(variance, rel=tolerance)
        assert abs(float(matrix.weight.mean())) < 5 * sqrt(variance / matrix.weight.numel())
        if distribution == "uniform":
            assert float(matrix.weight.abs().max()) <= sqrt(3 * variance) * (1 + 1e-6)


def test_normal_has_one_spread_everywhere() -> None:
    layers = _layers()
    _initialise(layers, "normal", std=0.3)
    for matrix in matrices(layers):
        assert float(matrix.weight.std()) == pytest.approx(0.3, rel=0.06)


@pytest.mark.parametrize(("name", "value"), [("zeros", 0.0), ("constant", 0.1)])
def test_constants(name: str, value: float) -> None:
    layers = _layers()
    _initialise(layers, name)
    assert all(torch.equal(m.weight, torch.full_like(m.weight, value)) for m in matrices(layers))


@pytest.mark.parametrize("kind", FANS)
def test_orthogonal_matrices_keep_lengths(kind: str) -> None:
    layer = _layers()[kind]
    _initialise(layer, "orthogonal", gain=2.0)
    for matrix in matrices(layer):
        flat = matrix.weight.flatten(1)
        small = flat @ flat.T if flat.shape[0] <= flat.shape[1] else flat.T @ flat
        torch.testing.assert_close(small, 4 * torch.eye(len(small)), atol=1e-4, rtol=0)


def test_queries_keys_and_values_are_three_matrices() -> None:
    found = list(matrices(build_model("gpt", TOKENS, layers=1, width=16, heads=2)))
    assert [tuple(m.weight.shape) for m in found[:3]] == [(16, 16)] * 3


def test_a_tied_head_is_the_embeddings() -> None:
    model = build_model("gpt", TOKENS, layers=1, width=16, heads=2, tied=True)
    before = model.tokens.weight.detach().clone()
    _initialise(model, "constant")
    assert torch.equal(model.tokens.weight, before)


def test_he_keeps_a_relu_nets_signal_and_the_default_loses_it() -> None:
    """Twenty layers on: the point of the factor of two."""
    from tests.contracts.making import VECTOR

    def spread(name: str) -> float:
        model = build_model("mlp", VECTOR, hidden=(128,) * 20)
        _initialise(model, name)
        with torch.no_grad():
            x = torch.randn(256, 12, generator=torch.Generator().manual_seed(0))
            return float(model[:-1](x).std())

    assert 0.2 < spread("he") < 5
    assert spread("xavier") < 0.01


def test_zeros_leave_hidden_units_alike_for_ever() -> None:
    """The lesson of the initialiser, and its assertion: all rows of a layer stay the same."""
    from tests.contracts.making import VECTOR, samples

    for name in ("zeros", "constant"):
        model = build_model("mlp", VECTOR)
        _initialise(model, name)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        x, y = samples(VECTOR, 32)
        for _ in range(20):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        rows = model.hidden1.linear.weight.detach()
        torch.testing.assert_close(rows, rows[:1].expand_as(rows))
