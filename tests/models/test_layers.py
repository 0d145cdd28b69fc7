"""Activations and norms by name."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import nn

from tuiwb.models.layers import activation, norm, stack
from tuiwb.spec.sections import Activation, Norm


@pytest.mark.parametrize("name", get_args(Activation))
def test_every_activation_of_the_spec_is_a_module(name: str) -> None:
    x = torch.linspace(-3, 3, 13)
    y = activation(name)(x)
    assert isinstance(activation(name), nn.Module)
    assert activation(name) is not activation(name)
    assert y.shape == x.shape and torch.isfinite(y).all()
    assert float(y[-1]) >= float(y[6])


@pytest.mark.parametrize("name", get_args(Norm))
@pytest.mark.parametrize(("dimensions", "shape"), [(1, (6, 4)), (2, (6, 4, 5, 5))])
def test_norms_centre_and_scale(name: str, dimensions: int, shape: tuple[int, ...]) -> None:
    built = norm(name, 4, dimensions)
    if name == "none":
        assert built is None
        return
    assert built is not None
    y = built(5 + 3 * torch.randn(shape, generator=torch.Generator().manual_seed(0)))
    over = tuple(d for d in range(len(shape)) if d != (1 if name == "batch" else 0))
    torch.testing.assert_close(y.mean(over), torch.zeros(y.mean(over).shape), atol=1e-5, rtol=0)
    spread = y.std(over, unbiased=False)
    torch.testing.assert_close(spread, torch.ones(spread.shape), atol=1e-3, rtol=0)


def test_stack_leaves_out_what_is_none() -> None:
    built = stack(first=nn.Identity(), norm=None, second=nn.ReLU())
    assert list(dict(built.named_children())) == ["first", "second"]
