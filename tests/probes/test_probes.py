"""Each probe equals its naive twin, and changes nothing."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise

import pytest
import torch
from torch import nn

from tuiwb.base import bins
from tuiwb.probes import histograms, taps
from tuiwb.probes.budget import WARM, Average, Budget
from tuiwb.probes.instrument import SHELF, Bench
from tuiwb.probes.layers import first_tensor, layers_of
from tuiwb.probes.taps import Taps
from tuiwb.probes.watcher import Watcher


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


def looked_at(net: nn.Module, lr: float = 0.1) -> tuple[Bench, dict[str, torch.Tensor], Naive]:
    """One watched step of SGD, and everything a naive twin needs to know of it."""
    bench = Bench(layers_of(net))
    naive = Naive(net)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    bench.attach()
    net(batch()).square().mean().backward()
    bench.observe()
    naive.gradients = {n: p.grad.clone() for n, p in net.named_parameters() if p.grad is not None}
    optimizer.step()
    figures = bench.read(histograms=True)
    assert figures.histograms is not None
    naive.histograms = figures.histograms
    naive.close()
    return bench, dict(zip(bench.columns, figures.figures, strict=True)), naive


class Naive:
    """The twin: whole outputs and their gradients by plain autograd, weights before the step."""

    def __init__(self, net: nn.Module) -> None:
        self.outputs: dict[str, torch.Tensor] = {}
        self.gradients: dict[str, torch.Tensor] = {}
        self.histograms = torch.empty(0)
        self.before = {n: p.detach().clone() for n, p in net.named_parameters()}
        self._handles = [
            layer.module.register_forward_hook(partial(self._keep, layer.name))
            for layer in layers_of(net)
        ]

    def _keep(self, name: str, module: nn.Module, inputs: object, output: object) -> None:
        tensor = first_tensor(output)
        assert tensor is not None
        tensor.retain_grad()
        self.outputs[name] = tensor

    def close(self) -> None:
        for handle in self._handles:
            handle.remove()


def owned(net: nn.Module, layer: str, values: dict[str, torch.Tensor]) -> torch.Tensor | None:
    mine = [v.flatten() for n, v in values.items() if n.rpartition(".")[0] == layer]
    return torch.cat(mine) if mine else None


def test_gradient_norms_and_update_ratios_equal_the_naive_ones(net: Net) -> None:
    _, figures, naive = looked_at(net)
    moved = {n: p.detach() - naive.before[n] for n, p in net.named_parameters()}
    for row, layer in enumerate(layers_of(net)):
        gradient = owned(net, layer.name, naive.gradients)
        if gradient is None:
            assert figures["grad_norm"][row].isnan() and figures["update_ratio"][row].isnan()
            continue
        torch.testing.assert_close(figures["grad_norm"][row], gradient.norm())
        step, size = owned(net, layer.name, moved), owned(net, layer.name, naive.before)
        assert step is not None and size is not None
        torch.testing.assert_close(
            figures["update_ratio"][row], step.norm() / size.norm(), rtol=1e-5, atol=1e-5
        )


def test_activation_statistics_and_the_backward_signal_equal_the_naive_ones(net: Net) -> None:
    net.eval()
    _, figures, naive = looked_at(net)
    for row, layer in enumerate(layers_of(net)):
        # every output here is small enough to be looked at whole
        output = naive.outputs[layer.name].detach()
        gradient = naive.outputs[layer.name].grad
        assert gradient is not None
        expected = {
            "act_mean": output.mean(),
            "act_std": output.std(),
            "act_zero": (output == 0).float().mean(),
            "back_std": gradient.std(),
        }
        for column, value in expected.items():
            torch.testing.assert_close(figures[column][row], value, atol=1e-5, rtol=1e-5)


def test_dead_units_are_those_that_answer_to_no_sample() -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    with torch.no_grad():
        net[0].bias[:3] = -100.0
        net[0].bias[3:] = 100.0
    bench = Bench(layers_of(net))
    bench.attach()
    net(torch.randn(50, 4)).sum().backward()
    bench.observe()
    figures = dict(zip(bench.columns, bench.read().figures, strict=True))
    assert figures["act_dead"][1] == 3 / 8
    assert figures["act_dead"][[0, 2]].isnan().all()


@pytest.mark.parametrize(("shape", "units"), [((5, 6), 6), ((5, 7, 6), 6), ((5, 6, 4, 4), 6)])
def test_a_unit_is_a_channel_of_a_picture_and_else_an_entry_of_the_last_dimension(
    shape: tuple[int, ...], units: int
) -> None:
    values = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    naive = values.movedim(1 if len(shape) == 4 else -1, 0).reshape(units, -1).amax(1)
    torch.testing.assert_close(taps.unit_peaks(values), naive)


def test_saturation_is_counted_where_a_layer_levels_off() -> None:
    net = nn.Sequential(nn.Linear(1, 4, bias=False), nn.Tanh(), nn.Linear(4, 4), nn.Sigmoid())
    with torch.no_grad():
        net[0].weight[:, 0] = torch.tensor([0.0, 1.0, 3.0, -3.0])
        net[2].weight.zero_()
        net[2].bias[:] = torch.tensor([0.0, 1.0, 5.0, -5.0])
    bench = Bench(layers_of(net))
    bench.attach()
    net(torch.ones(10, 1)).sum().backward()
    bench.observe()
    figures = dict(zip(bench.columns, bench.read().figures, strict=True))
    assert figures["act_saturated"][[1, 3]].tolist() == [0.5, 0.5]
    assert figures["act_saturated"][[0, 2]].isnan().all()


def test_histograms_count_every_value_once_in_the_bin_of_its_power_of_two(net: Net) -> None:
    _, _, naive = looked_at(net)
    activations, gradients = naive.histograms
    for row, layer in enumerate(layers_of(net)):
        for counts, values in (
            (activations[row], naive.outputs[layer.name].detach().flatten()),
            (gradients[row], naive.gradients.get(f"{layer.name}.weight")),
        ):
            if values is None:
                continue
            expected = [0] * bins.BINS
            for value in values.flatten().tolist():
                expected[naive_bin(value)] += 1
            assert counts.tolist() == expected


def naive_bin(value: float) -> int:
    if abs(value) < 2.0 ** (bins.LOWEST - 1):
        return bins.POWERS
    power = min(math.floor(math.log2(abs(value))) + 1, bins.HIGHEST)
    return bins.POWERS + int(math.copysign(power - bins.LOWEST + 1, value))


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 0.75, 2.0**-40, -(2.0**-30), 3e9, -1e30])
def test_a_bin_is_a_sign_and_a_power_of_two(value: float) -> None:
    assert histograms.bins_of(torch.tensor([value])).item() == naive_bin(value)


def test_what_is_not_finite_is_in_no_bin() -> None:
    assert set(histograms.bins_of(torch.tensor([math.nan, math.inf, -math.inf])).tolist()) == {
        bins.BINS
    }


def test_without_gradients_there_are_no_norms(net: Net) -> None:
    bench = Bench(layers_of(net))
    bench.attach()
    net(batch())
    bench.observe()
    figures = dict(zip(bench.columns, bench.read().figures, strict=True))
    assert figures["grad_norm"].isnan().all() and figures["update_ratio"].isnan().all()


def test_thinning_visits_every_unit_of_an_even_layer() -> None:
    units = torch.arange(64.0).expand(1000, 64).contiguous()
    thinned = taps.thin(units)
    assert len(thinned) <= 1.5 * taps.VALUES
    assert set(thinned.tolist()) == set(range(64))


def test_nothing_stays_on_the_model(net: Net) -> None:
    bench, _, _ = looked_at(net)
    assert not any(m._forward_hooks or m._backward_hooks for m in net.modules())
    assert not (bench.taps.outputs or bench.taps.backward or bench.taps.peaks)


def test_watching_changes_no_bit() -> None:
    def weights(watched: bool) -> list[torch.Tensor]:
        torch.manual_seed(0)
        net = Net()
        watcher = Watcher(layers_of(net), share=1.0 if watched else 0.0)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        samples = 0
        for step in range(WARM + 4):
            watcher.start(step)
            if watcher.sampling:
                watcher.before_forward()
            net(batch()).square().mean().backward()
            if watcher.sampling:
                watcher.after_backward()
            optimizer.step()
            if watcher.sampling:
                watcher.after_update(step)
            watcher.end(step, 1.0)
            samples += watcher.sample is not None
            optimizer.zero_grad()
        assert samples == (1 + 4 if watched else 0)
        return [*net.parameters(), torch.rand(3)]

    for seen, unseen in zip(weights(True), weights(False), strict=True):
        assert torch.equal(seen, unseen)


@pytest.mark.slow
def test_histograms_grow_with_the_logarithm_of_a_run(net: Net) -> None:
    watcher = Watcher(layers_of(net), share=1.0)
    taken = []
    for step in range(0, 2000):
        watcher.start(step)
        watcher.before_forward()
        net(batch()).sum().backward()
        watcher.after_backward()
        watcher.after_update(step)
        watcher.end(step, 1.0)
        if watcher.sample is not None and watcher.sample.histograms is not None:
            taken.append(step)
    assert taken[:5] == [0, 1, 2, 3, 4]
    assert 50 < len(taken) < 250
    assert all(b - a <= 1 + a // 50 for a, b in pairwise(taken))


@pytest.mark.parametrize("name", SHELF.names())
def test_every_instrument_names_what_it_reads(name: str, net: Net) -> None:
    layers = layers_of(net)
    seen = Taps(layers)
    instrument = SHELF.load(name).Instrument(layers, seen)
    seen.attach()
    net(batch()).sum().backward()
    instrument.observe()
    with torch.no_grad():
        assert instrument.read().shape == (len(instrument.columns), len(layers))
    seen.detach()


def test_what_hooks_take_is_on_the_bill(net: Net) -> None:
    watcher = Watcher(layers_of(net), share=1.0)
    watcher.before_forward()
    bill = [watcher.telling.seconds]
    loss = net(batch()).sum()
    bill.append(watcher.telling.seconds)
    loss.backward()
    bill.append(watcher.telling.seconds)
    watcher.after_backward()
    assert 0 < bill[0] < bill[1] < bill[2], "the forward pass and the backward pass have hooks"


def test_the_budget_is_held_whatever_a_sample_costs() -> None:
    for cost, step_time in [(1e-3, 1e-2), (5e-3, 4e-4), (1e-6, 1.0)]:
        average = Average()
        budget = Budget(0.02, average)
        spent = total = 0.0
        for step in range(5000):
            if budget.due(step):
                spent += cost
                budget.sampled(step, cost)
            average.add(step_time)
            total += step_time
        # the first two samples are taken before anything is known
        assert spent - 2 * cost <= 0.021 * total
        assert spent > 2 * cost


def test_a_budget_of_zero_watches_nothing() -> None:
    budget = Budget(0.0, Average())
    assert not any(budget.due(step) for step in range(10))
    assert budget.cost == 0.0
