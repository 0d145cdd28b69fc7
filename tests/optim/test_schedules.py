"""Each schedule against torch's own, and the warm-up against its formula."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR, StepLR

from tests.contracts.making import knobs, module
from tuiwb.optim.schedule import learning_rate

TOTAL = 90


def _torch(make: Callable[[torch.optim.Optimizer], LRScheduler]) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.4)
    scheduler = make(optimizer)
    rates = []
    for _ in range(TOTAL):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if len(rates) < TOTAL:
            scheduler.step()
    return rates


CASES: list[tuple[str, dict[str, Any], Callable[[torch.optim.Optimizer], LRScheduler]]] = [
    ("cosine", {"final": 0.1}, lambda o: CosineAnnealingLR(o, TOTAL, eta_min=0.04)),
    ("step", {"every": 25, "gamma": 0.3}, lambda o: StepLR(o, 25, gamma=0.3)),
    (
        "one-cycle",
        {"rise": 0.3, "start": 0.04, "final": 4e-6},
        lambda o: OneCycleLR(o, 0.4, total_steps=TOTAL, cycle_momentum=False),
    ),
    (
        "one-cycle",
        {"rise": 0.5, "start": 0.1, "final": 1e-3},
        lambda o: OneCycleLR(
            o, 0.4, total_steps=TOTAL, cycle_momentum=False, pct_start=0.5, div_factor=10,
            final_div_factor=100,
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "values", "make"), CASES)
def test_equals_torchs_own(
    name: str, values: dict[str, Any], make: Callable[[torch.optim.Optimizer], LRScheduler]
) -> None:
    made = knobs("schedule", name, **values)
    mine = [learning_rate(step, TOTAL, made, 0.4) for step in range(TOTAL)]
    assert mine == pytest.approx(_torch(make), rel=1e-9)


def test_constant_is_constant() -> None:
    made = knobs("schedule", "constant")
    assert {learning_rate(step, TOTAL, made, 0.4) for step in range(TOTAL)} == {0.4}


def test_warm_up_is_linear_from_one_part_in_n_plus_one() -> None:
    made = knobs("schedule", "constant", warmup=4)
    assert [learning_rate(step, 10, made, 1.0) for step in range(6)] == pytest.approx(
        [0.2, 0.4, 0.6, 0.8, 1.0, 1.0]
    )


@pytest.mark.parametrize("total", [1, 2, 3])
def test_one_cycle_of_a_few_steps(total: int) -> None:
    component = module("schedule", "one-cycle")
    rates = [component.factor(s, total, knobs("schedule", "one-cycle")) for s in range(total)]
    assert all(0 < rate <= 1 for rate in rates)
    assert rates[-1] == (1.0 if total == 1 else pytest.approx(4e-6))


def test_stairs_never_end_at_nothing() -> None:
    made = knobs("schedule", "step", every=1, gamma=0.1)
    assert module("schedule", "step").factor(5000, 10_000, made) > 0


def test_a_triangle_is_straight_on_both_sides_of_its_peak() -> None:
    shape = knobs("schedule", "triangle", rise=0.25, start=0.2, final=0.1)
    factor = module("schedule", "triangle").factor
    rates = [factor(step, 100, shape) for step in range(100)]
    assert rates[0] == pytest.approx(0.2) and rates[25] == 1 == max(rates)
    assert rates[99] == pytest.approx(1 - 0.9 * 74 / 75)
    for side in (rates[:26], rates[25:]):
        slopes = [b - a for a, b in pairwise(side)]
        assert slopes == pytest.approx([slopes[0]] * len(slopes))
