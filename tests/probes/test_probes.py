"""Each probe equals its naive twin, and changes nothing."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tuiwb.probes import activations, gradients
from tuiwb.probes.budget import Budget
from tuiwb.probes.instrument import SHELF, Bench
from tuiwb.probes.layers import layers_of


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(4, 8, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.act = nn.ReLU()
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden, _ = self.rnn(x)
        return self.out(self.drop(self.act(self.norm(hidden))))


@pytest.fixture
def net() -> Net:
    torch.manual_seed(0)
    return Net()


def batch() -> torch.Tensor:
    return torch.randn(5, 6, 4, generator=torch.Generator().manual_seed(1))


def test_layers_are_leaves_with_parameters_and_activations(net: Net) -> None:
    assert [(layer.name, layer.kind) for layer in layers_of(net)] == [
        ("rnn", "GRU"),
        ("norm", "LayerNorm"),
        ("act", "ReLU"),
        ("out", "Linear"),
    ]


def test_gradient_norms_equal_the_naive_ones(net: Net) -> None:
    layers = layers_of(net)
    probe = gradients.Instrument(layers)
    net(batch()).square().mean().backward()
    figures = probe.read()[0]
    for layer, figure in zip(layers, figures, strict=True):
        owned = [p.grad.flatten() for p in layer.module.parameters() if p.grad is not None]
        if owned:
            torch.testing.assert_close(figure, torch.cat(owned).norm())
        else:
            assert figure.isnan()


def test_without_gradients_there_are_no_norms(net: Net) -> None:
    assert gradients.Instrument(layers_of(net)).read().isnan().all()


def test_activation_statistics_equal_the_naive_ones(net: Net) -> None:
    net.eval()
    layers = layers_of(net)
    probe = activations.Instrument(layers)
    probe.attach()
    net(batch())
    figures = probe.read()
    probe.detach()
    hidden, _ = net.rnn(batch())
    naive = [hidden, net.norm(hidden), net.act(net.norm(hidden)), net(batch())]
    for column, output in zip(figures.T, naive, strict=True):
        # every output here is small enough to be looked at whole
        expected = torch.stack([output.mean(), output.std(), (output == 0).float().mean()])
        torch.testing.assert_close(column, expected, atol=1e-5, rtol=1e-5)


def test_thinning_visits_every_unit_of_an_even_layer() -> None:
    units = torch.arange(64.0).expand(1000, 64).contiguous()
    thinned = activations.thin(units)
    assert len(thinned) <= 1.5 * activations.VALUES
    assert set(thinned.tolist()) == set(range(64))


def test_nothing_stays_on_the_model(net: Net) -> None:
    bench = Bench(layers_of(net))
    bench.attach()
    net(batch()).sum().backward()
    assert bench.read().shape == (len(bench.columns), 4)
    assert not any(m._forward_hooks or m._backward_hooks for m in net.modules())


def test_watching_changes_no_bit() -> None:
    def weights(watched: bool) -> list[torch.Tensor]:
        torch.manual_seed(0)
        net = Net()
        bench = Bench(layers_of(net))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(5):
            if watched:
                bench.attach()
            net(batch()).square().mean().backward()
            if watched:
                bench.read()
            optimizer.step()
            optimizer.zero_grad()
        return [*net.parameters(), torch.rand(3)]

    for seen, unseen in zip(weights(True), weights(False), strict=True):
        assert torch.equal(seen, unseen)


@pytest.mark.parametrize("name", SHELF.names())
def test_every_instrument_names_what_it_reads(name: str, net: Net) -> None:
    layers = layers_of(net)
    instrument = SHELF.load(name).Instrument(layers)
    instrument.attach()
    net(batch()).sum().backward()
    assert instrument.read().shape == (len(instrument.columns), len(layers))
    instrument.detach()


def test_the_budget_is_held_whatever_a_sample_costs() -> None:
    for cost, step_time in [(1e-3, 1e-2), (5e-3, 4e-4), (1e-6, 1.0)]:
        budget = Budget(0.02)
        spent = total = 0.0
        for step in range(5000):
            if budget.due(step):
                spent += cost
                budget.sampled(step, cost)
            budget.stepped(step_time)
            total += step_time
        # the very first sample is taken before anything is known
        assert spent - cost <= 0.021 * total
        assert spent > 0


def test_a_budget_of_zero_watches_nothing() -> None:
    budget = Budget(0.0)
    assert not any(budget.due(step) for step in range(10))
    assert budget.cost == 0.0
