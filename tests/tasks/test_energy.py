"""What a Boltzmann machine dreams of, held against held-out samples."""

from __future__ import annotations

from typing import Any

import torch

from tests.contracts.making import knobs, module
from tuiwb.base.signature import Signature
from tuiwb.data.batches import generator
from tuiwb.data.dataset import Dataset, Part
from tuiwb.models.rbm import RBM

SHARE = torch.tensor([0.05, 0.95, 0.5, 0.95])


def _task(**values: Any) -> tuple[Any, Part]:
    rows = torch.bernoulli(SHARE.expand(400, 4), generator=generator(0))
    part = Part(rows, torch.zeros(400).long())
    dataset = Dataset(Signature("vector", (4,), 1), part, part, (), {}, "0" * 16)
    return module("task", "energy").build(knobs("task", "energy", **values), None, dataset), part


def _machine(bias: torch.Tensor) -> RBM:
    """One whose visible bits are independent: p(v = 1) = sigmoid(bias)."""
    machine = RBM(4, 3, chains=1)
    with torch.no_grad():
        machine.hidden.weight.zero_()
        machine.visible.bias.copy_(bias)
    return machine


def _evaluated(machine: RBM, task: Any, part: Part) -> dict[str, float]:
    with torch.no_grad():
        found: dict[str, float] = task.evaluate(machine, iter([(part.inputs, part.inputs)]))
    return found


def test_a_machine_that_knows_the_shares_dreams_nearer_to_the_data() -> None:
    task, part = _task(fantasy=3)
    right = _evaluated(_machine(SHARE.logit()), task, part)["distance"]
    wrong = _evaluated(_machine(-SHARE.logit()), task, part)["distance"]
    assert 0 < right < wrong / 2


def test_dreams_are_the_same_every_time_and_draw_nothing_from_the_global_generator() -> None:
    task, part = _task(fantasy=3)
    torch.manual_seed(0)
    machine = RBM(4, 3, chains=1)
    torch.nn.init.normal_(machine.hidden.weight)
    before = torch.get_rng_state()
    first = _evaluated(machine, task, part)
    assert torch.equal(torch.get_rng_state(), before)
    assert first == _evaluated(machine, task, part)


def test_none_are_dreamt_unless_they_are_asked_for() -> None:
    task, part = _task()
    assert "distance" not in _evaluated(_machine(SHARE.logit()), task, part)
