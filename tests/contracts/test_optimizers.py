"""What every optimiser promises, whichever it is."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
import torch

from tests.contracts.making import knobs, module, names
from tuiwb.spec.declarations import declared

CURVATURE = torch.tensor([1.0, 3.0, 0.3, 10.0])


def _descend(name: str, steps: int, fused: bool = False, **values: float) -> list[float]:
    """Losses on a quadratic bowl, before each step and after the last."""
    w = torch.nn.Parameter(torch.tensor([1.0, -1.0, 2.0, 0.5]))
    optimizer = module("optim", name).build(
        [{"params": [w]}], knobs("optim", name, **{"lr": 0.01} | values), fused
    )
    losses = []

    def closure() -> float:
        optimizer.zero_grad()
        loss = (CURVATURE * w.square()).sum() / 2
        loss.backward()
        return float(loss.detach())

    for _ in range(steps):
        losses.append(closure())
        _step(name, optimizer, closure)
    return [*losses, float((CURVATURE * w.detach().square()).sum() / 2)]


def _step(name: str, optimizer: torch.optim.Optimizer, closure: Callable[[], float]) -> None:
    """As the loop does it: with a closure for those that look at the batch more than once."""
    if declared("optim", name).needs_closure:  # type: ignore[attr-defined]
        optimizer.step(closure)
    else:
        optimizer.step()


@pytest.mark.parametrize("name", names("optim"))
def test_descends_a_quadratic(name: str) -> None:
    losses = _descend(name, 200)
    assert losses[1] < losses[0]
    assert losses[-1] < 0.9 * losses[0]
    assert all(torch.isfinite(torch.tensor(losses)))


@pytest.mark.parametrize("name", names("optim"))
def test_fused_does_the_same_maths(name: str) -> None:
    plain, fused = _descend(name, 30), _descend(name, 30, fused=True)
    torch.testing.assert_close(torch.tensor(fused), torch.tensor(plain), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", names("optim"))
def test_hot_knobs_reach_a_running_optimizer(name: str) -> None:
    w = torch.nn.Parameter(torch.ones(3))
    component = module("optim", name)
    optimizer = component.build([{"params": [w]}], knobs("optim", name), False)
    (group,) = optimizer.param_groups
    changed = component.options(knobs("optim", name, lr=0.25))
    assert changed.keys() <= group.keys(), "options name settings that torch does not know"
    group.update(changed)
    assert optimizer.param_groups[0]["lr"] == 0.25


@pytest.mark.parametrize("name", names("optim"))
def test_decays_nothing_by_itself(name: str) -> None:
    w = torch.nn.Parameter(torch.ones(3))
    optimizer = module("optim", name).build([{"params": [w]}], knobs("optim", name), False)

    def closure() -> float:
        w.grad = torch.zeros(3)
        return 0.0

    for _ in range(3):
        closure()
        _step(name, optimizer, closure)
    assert torch.equal(w.detach(), torch.ones(3))


@pytest.mark.parametrize("name", names("optim"))
def test_resumes_to_the_same_bits(name: str) -> None:
    """A copy that loads the state goes on exactly as the original does."""

    def make() -> tuple[torch.nn.Parameter, torch.optim.Optimizer]:
        w = torch.nn.Parameter(torch.linspace(-1, 1, 5))
        return w, module("optim", name).build([{"params": [w]}], knobs("optim", name), True)

    def go(w: torch.nn.Parameter, optimizer: torch.optim.Optimizer, steps: int) -> None:
        def closure() -> float:
            v = w.detach()
            w.grad = torch.sin(3 * v) + v
            return float((v.square() / 2 - torch.cos(3 * v) / 3).sum())

        for _ in range(steps):
            closure()
            _step(name, optimizer, closure)

    w, optimizer = make()
    go(w, optimizer, 5)
    copy, other = make()
    copy.data.copy_(w.data)
    other.load_state_dict(deepcopy(optimizer.state_dict()))  # torch does not copy it
    go(w, optimizer, 5)
    go(copy, other, 5)
    assert torch.equal(w, copy)
