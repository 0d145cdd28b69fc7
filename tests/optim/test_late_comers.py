"""Layers that are trained one after another, under a fused optimiser with momentum."""

from __future__ import annotations

import pytest
import torch

from tests.contracts.making import knobs, module, names


@pytest.mark.parametrize("name", names("optim"))
def test_a_parameter_may_get_its_first_gradient_late(name: str) -> None:
    component = module("optim", name)
    values = {"momentum": 0.9} if name == "sgd" else {}

    def trained(fused: bool) -> torch.Tensor:
        early, late = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))
        optimizer = component.build(
            [{"params": [early, late]}], knobs("optim", name, **values), fused
        )
        for step in range(4):
            optimizer.zero_grad()

            def closure() -> torch.Tensor:
                optimizer.zero_grad()
                loss = (early if step < 2 else early + late).square().sum()  # noqa: B023
                loss.backward()
                return loss.detach()

            if component.Knobs.needs_closure:
                optimizer.step(closure)
            else:
                closure()
                optimizer.step()
        return torch.cat((early, late)).detach()

    torch.testing.assert_close(trained(True), trained(False))
