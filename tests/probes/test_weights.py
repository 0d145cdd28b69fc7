"""Weights as the probe tells them: norms are the naive ones, and symmetry is seen."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tuiwb.probes.layers import layers_of
from tuiwb.probes.taps import Taps
from tuiwb.probes.weights import LARGEST, Instrument


def instrument(net: nn.Module) -> Instrument:
    layers = layers_of(net)
    return Instrument(layers, Taps(layers))


@torch.no_grad()
def figures(*layers: nn.Module) -> torch.Tensor:
    return instrument(nn.Sequential(*layers)).read()


def layer(rows: int = 64, columns: int = 32) -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(columns, rows)


def test_norms_equal_the_naive_ones() -> None:
    kernel, recurrent = nn.Conv2d(2, 4, 3), nn.GRU(4, 8)
    norms = figures(kernel, nn.ReLU(), nn.BatchNorm2d(4), recurrent)[0]
    torch.testing.assert_close(norms[0], kernel.weight.detach().norm())
    torch.testing.assert_close(norms[3], recurrent.weight_ih_l0.detach().norm())
    assert norms[1].isnan() and norms[2].isnan()


@pytest.mark.parametrize(("value", "rank"), [(0.0, 0.0), (0.1, 1.0)])
def test_units_that_are_all_the_same(value: float, rank: float) -> None:
    sick = layer()
    nn.init.constant_(sick.weight, value)
    _, share, found = figures(sick)[:, 0].tolist()
    assert share == 1 / 64
    assert found == pytest.approx(rank, abs=1e-4)


def test_a_few_twins_among_many() -> None:
    twins = layer()
    with torch.no_grad():
        twins.weight[32:] = twins.weight[:32]
    assert figures(twins)[1, 0] == pytest.approx(0.5, abs=0.05)


def test_units_that_differ() -> None:
    _, share, rank = figures(layer(), nn.Linear(64, 32), layer())[:, 0].tolist()
    assert share > 0.95
    singular = torch.linalg.svdvals(layer().weight.detach())
    exact = float(singular.square().sum() / singular[0].square())
    assert exact <= rank <= 2 * exact  # a few rounds only: never below, and of the right size


def test_weights_that_move_are_seen_moved() -> None:
    kernel = nn.Conv2d(2, 4, 3).to(memory_format=torch.channels_last)
    probe = instrument(nn.Sequential(kernel))
    nn.init.constant_(kernel.weight, 0.5)
    assert probe.read()[1, 0] == 0.25


def test_large_matrices_are_weighed_and_not_compared() -> None:
    norm, share, rank = figures(nn.Linear(LARGEST, 2))[:, 0]
    assert norm > 0 and share.isnan() and rank.isnan()


def test_nothing_is_drawn_from_the_training_s_generator() -> None:
    probe = instrument(nn.Sequential(nn.Linear(3, 3)))
    before = torch.get_rng_state()
    probe.read()
    assert torch.equal(torch.get_rng_state(), before)
