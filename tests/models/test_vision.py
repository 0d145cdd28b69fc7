"""The classic vision architectures have the sizes that their papers state."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from tests.contracts.making import build_model
from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature

MNIST = Signature("image", (1, 28, 28), 10)
CIFAR = Signature("image", (3, 32, 32), 10)


def _imagenet(side: int) -> Signature:
    return Signature("image", (3, side, side), 1000)


def _size(name: str, signature: Signature, **values: Any) -> int:
    with torch.device("meta"):
        model = build_model(name, signature, **values)
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("name", "signature", "values", "parameters"),
    [
        ("lenet5", MNIST, {}, 61_706),
        ("resnet", CIFAR, {"n": 3}, 269_722),
        ("resnet", CIFAR, {"n": 3, "shortcuts": False}, 269_722),
        ("resnet", CIFAR, {"n": 9}, 853_018),
        ("resnet", CIFAR, {"n": 18}, 1_727_962),
        ("alexnet", _imagenet(227), {"size": "reference"}, 60_965_224),
        ("vgg", _imagenet(224), {"size": "reference", "norm": "none"}, 138_357_544),
        ("inception", _imagenet(224), {"size": "reference", "norm": "none"}, 6_998_552),
        (
            "vit",
            _imagenet(224),
            {"patch": 16, "width": 768, "layers": 12, "heads": 12},
            86_567_656,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_as_many_parameters_as_the_paper_has(
    name: str, signature: Signature, values: dict[str, Any], parameters: int
) -> None:
    assert _size(name, signature, **values) == parameters


def test_lenet_counts_layer_by_layer() -> None:
    model = build_model("lenet5", MNIST)
    counts = [
        sum(p.numel() for p in part.parameters())
        for part in model
        if next(part.parameters(), None) is not None
    ]
    assert counts == [156, 2_416, 48_120, 10_164, 850]


@pytest.mark.parametrize("shape", [(1, 9, 13), (3, 32, 32)])
@pytest.mark.parametrize("name", ["lenet5", "alexnet", "vgg", "inception", "resnet"])
def test_any_small_picture_is_taken(name: str, shape: tuple[int, ...]) -> None:
    signature = Signature("image", shape, 4)
    assert build_model(name, signature).eval()(torch.zeros(2, *shape)).shape == (2, 4)


@pytest.mark.parametrize(
    ("name", "shape", "values", "where"),
    [
        ("lenet5", (1, 40, 40), {}, "model.name"),
        ("alexnet", (3, 32, 32), {"size": "reference"}, "model.size"),
        ("vgg", (3, 6, 6), {}, "model.size"),
        ("inception", (3, 3, 8), {}, "model.size"),
        ("vit", (1, 9, 8), {}, "model.patch"),
    ],
)
def test_a_picture_that_does_not_fit_is_an_error_of_the_user(
    name: str, shape: tuple[int, ...], values: dict[str, Any], where: str
) -> None:
    with pytest.raises(UserError) as caught:
        build_model(name, Signature("image", shape, 4), **values)
    assert caught.value.where == where


def test_a_residual_block_with_silent_branches_is_its_shortcut() -> None:
    block = build_model("resnet", CIFAR, n=1).stage2_block1.eval()
    nn.init.zeros_(block.norm2.weight)
    x = torch.rand(2, 16, 8, 8)
    y = block(x)
    assert y.shape == (2, 32, 4, 4)
    torch.testing.assert_close(y[:, 8:24], x[:, :, ::2, ::2])
    assert not y[:, :8].any() and not y[:, 24:].any()


def test_a_vision_transformer_sees_order_by_positions_alone() -> None:
    """Without positions, patches may be put anywhere; with them, not."""
    model = build_model("vit", Signature("image", (1, 8, 8), 3)).eval()
    images = torch.rand(2, 1, 8, 8)
    moved = images.roll(2, dims=3)  # by one whole patch
    assert not torch.allclose(model(images), model(moved), atol=1e-5)
    nn.init.zeros_(model.positions.weight)
    torch.testing.assert_close(model(images), model(moved))
