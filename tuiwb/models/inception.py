"""GoogLeNet: blocks that look at several scales at once (Szegedy et al. 2015).

An inception block sends its input through 1x1, 3x3 and 5x5 convolutions and a pooling, side by
side, and joins the results; 1x1 convolutions in front keep the large kernels cheap. ``reference``
is the paper's table 1 with nine blocks for 224x224 pixels, without the two auxiliary heads:
6 998 552 parameters with 1 000 classes. The small sizes have four blocks on 32x32, and batch norm,
which the authors added a year later (Ioffe & Szegedy 2015).
"""

from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor, nn

from tuiwb.base.signature import Signature
from tuiwb.models.layers import norm, stack
from tuiwb.models.sizes import least
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ModelKnobs, Norm


class Knobs(ModelKnobs):
    """Inception blocks (GoogLeNet)."""

    takes: ClassVar[tuple[str, ...]] = ("image",)
    has_dropout: ClassVar[bool] = True

    size: Annotated[
        Literal["xs", "s", "reference"],
        knob(
            "xs: blocks of 32 and 64 channels; s: of 64 and 128; reference: GoogLeNet for 224x224"
        ),
    ] = "s"
    norm: Annotated[Norm, knob("normalisation before each activation; the paper has none")] = (
        "batch"
    )


Plan = tuple[int, int, int, int, int, int]
"""Channels of one block: 1x1; 3x3's reduction, 3x3; 5x5's reduction, 5x5; after the pooling."""

TABLE: tuple[Plan | None, ...] = (
    (64, 96, 128, 16, 32, 32),
    (128, 128, 192, 32, 96, 64),
    None,
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64),
    (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128),
    None,
    (256, 160, 320, 32, 128, 128),
    (384, 192, 384, 48, 128, 128),
)
"""The paper's table 1 from 3a to 5b; None is a pooling that halves."""


def _small(unit: int) -> tuple[Plan | None, ...]:
    narrow = (2 * unit, 2 * unit, 4 * unit, unit // 2, unit, unit)
    wide = (4 * unit, 4 * unit, 8 * unit, unit, 2 * unit, 2 * unit)
    return (narrow, narrow, None, wide, wide)


class Block(nn.Module):
    """[B, inputs, H, W] -> [B, the sum of the four ways, H, W]."""

    def __init__(self, inputs: int, plan: Plan, kind: str) -> None:
        super().__init__()
        one, three_in, three, five_in, five, pooled = plan
        self.one = _convolution(inputs, one, 1, kind)
        self.three = stack(
            reduce=_convolution(inputs, three_in, 1, kind),
            look=_convolution(three_in, three, 3, kind),
        )
        self.five = stack(
            reduce=_convolution(inputs, five_in, 1, kind),
            look=_convolution(five_in, five, 5, kind),
        )
        self.pool = stack(
            pool=nn.MaxPool2d(3, 1, padding=1), project=_convolution(inputs, pooled, 1, kind)
        )
        self.outputs = one + three + five + pooled

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.one(x), self.three(x), self.five(x), self.pool(x)), dim=1)


def _convolution(inputs: int, outputs: int, kernel: int, kind: str, stride: int = 1) -> nn.Module:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=kind == "none")
    nn.init.kaiming_normal_(conv.weight)
    return stack(conv=conv, norm=norm(kind, outputs, dimensions=2), relu=nn.ReLU())


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, C, H, W] -> [B, outputs]; from 4x4 pixels, ``reference`` from 32x32."""
    channels, kind = signature.shape[0], knobs.norm
    whole = knobs.size == "reference"
    least(signature, 32 if whole else 4)
    unit = 4 if knobs.size == "xs" else 8
    table = TABLE if whole else _small(unit)

    def halve() -> nn.Module:
        return nn.MaxPool2d(3, 2, padding=1)

    layers: dict[str, nn.Module] = {}
    if whole:
        layers["stem1"] = _convolution(channels, 64, 7, kind, stride=2)
        layers["pool1"] = halve()
        layers["stem2"] = _convolution(64, 64, 1, kind)
        layers["stem3"] = _convolution(64, 192, 3, kind)
        channels = 192
    else:
        layers["stem1"] = _convolution(channels, 4 * unit, 3, kind)
        channels = 4 * unit
    layers["pool2"] = halve()
    for number, plan in enumerate(table, start=1):
        if plan is None:
            layers[f"pool_{number}"] = halve()
            continue
        block = Block(channels, plan, kind)
        layers[f"block{number}"] = block
        channels = block.outputs
    return stack(
        **layers,
        mean=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        dropout=nn.Dropout(dropout),
        output=nn.Linear(channels, signature.outputs),
    )
