"""What goes into an activation, by its percentiles."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tuiwb.probes.layers import layers_of
from tuiwb.probes.quantiles import SHARES, Instrument
from tuiwb.probes.taps import Taps


def figures(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
    layers = layers_of(net)
    taps = Taps(layers)
    taps.attach()
    net(x)
    taps.detach()
    return Instrument(layers, taps).read()


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_percentiles_of_a_small_layer_are_the_naive_ones() -> None:
    x = normal(20, 5)
    found = figures(nn.Sequential(nn.Sigmoid()), x)[:, 0]
    shares = torch.tensor(SHARES)
    torch.testing.assert_close(found, x.flatten().quantile(shares, interpolation="nearest"))


def test_a_large_layer_is_looked_at_in_part_and_every_unit_of_it() -> None:
    units = torch.arange(64.0).expand(4000, 64).contiguous()
    low, median, high = figures(nn.Sequential(nn.Tanh()), units)[:, 0].tolist()
    assert (low, median, high) == pytest.approx((9, 31.5, 54), abs=1.5)


def test_it_is_the_input_even_where_the_activation_writes_over_it() -> None:
    x = normal(64, 32) - 1
    low, median, _ = figures(nn.Sequential(nn.ReLU(inplace=True)), x.clone())[:, 0].tolist()
    assert low < median < -0.9


def test_only_activations_have_any() -> None:
    net = nn.Sequential(nn.Linear(5, 3), nn.ReLU(), nn.Linear(3, 2))
    read = figures(net, normal(4, 5))
    assert read.shape == (3, 3)
    assert read[:, [0, 2]].isnan().all() and read[:, 1].isfinite().all()


def test_layers_of_different_sizes_each_have_their_own() -> None:
    net = nn.Sequential(nn.Sigmoid(), nn.Linear(5, 700), nn.Tanh(), nn.Linear(700, 5), nn.ReLU())
    x = normal(30, 5)
    hidden = net[1](net[0](x))
    read = figures(net, x)
    for row, values in ((0, x), (2, hidden), (4, net[3](net[2](hidden)))):
        assert read[1, row].item() == pytest.approx(values.median().item(), abs=0.1)
    assert (read[0, [0, 2, 4]] < read[1, [0, 2, 4]]).all()
    assert (read[1, [0, 2, 4]] < read[2, [0, 2, 4]]).all()


def test_a_layer_that_was_not_called_has_none() -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.idle = nn.ReLU(), nn.ReLU()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.used(x)

    read = figures(Idle(), normal(4, 5))
    assert read[:, 0].isfinite().all() and read[:, 1].isnan().all()
    assert figures(nn.Sequential(nn.Linear(5, 1)), normal(4, 5)).isnan().all()
