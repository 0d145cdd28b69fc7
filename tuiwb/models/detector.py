"""Detector: each cell of a coarse grid says whether a thing's middle lies in it, and its box.

After Redmon et al. 2016 ("You only look once": the cell that holds the middle is the one that
answers) and Lin et al. 2017 (RetinaNet: one logit a cell, begun at the rarity of things, so that
the many empty cells do not drown the first steps). Three convolutions, each followed by pooling by
2: a picture of 32x32 has a grid of 4x4.
"""

from math import log
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.models.layers import activation, norm, stack
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import Activation, ModelKnobs, Norm


class Knobs(ModelKnobs):
    """Grid-cell detector."""

    takes: ClassVar[tuple[str, ...]] = ("image",)
    tasks: ClassVar[tuple[str, ...]] = ("detect",)

    width: Annotated[
        int,
        knob("channels of the first convolution; the others have twice as many", unit="channels",
             ge=1, le=1024, scale="log"),
    ] = 16  # fmt: skip
    activation: Annotated[Activation, knob("non-linearity after each convolution")] = "relu"
    norm: Annotated[Norm, knob("normalisation before each activation")] = "batch"
    prior: Annotated[
        float, knob("probability of a thing that every cell begins with", gt=0, lt=1)
    ] = 0.06


class Detector(nn.Module):
    """float32 [B, C, H, W] -> [B, cells, 5]: logit, then the box across, down, width, height as
    shares of the picture. Cells row by row; ``grid`` = (rows, columns)."""

    places: Tensor

    def __init__(self, knobs: Knobs, signature: Signature) -> None:
        super().__init__()
        channels, height, width = signature.shape
        self.grid = (height // 8, width // 8)
        one, two = knobs.width, 2 * knobs.width

        def block(inputs: int, outputs: int) -> nn.Sequential:
            return stack(
                conv=nn.Conv2d(inputs, outputs, 3, padding=1, bias=knobs.norm == "none"),
                norm=norm(knobs.norm, outputs, dimensions=2),
                activation=activation(knobs.activation),
                pool=nn.MaxPool2d(2),
            )

        self.body = stack(block1=block(channels, one), block2=block(one, two),
                          block3=block(two, two))  # fmt: skip
        self.neck = stack(
            conv=nn.Conv2d(two, two, 3, padding=1), activation=activation(knobs.activation)
        )
        self.head = nn.Conv2d(two, 5, 1)
        assert self.head.bias is not None
        with torch.no_grad():
            self.head.bias[0] = log(knobs.prior / (1 - knobs.prior))
        rows, columns = self.grid
        down, across = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        self.register_buffer(
            "places", torch.stack((across, down), -1).reshape(-1, 2).float(), False
        )
        self.register_buffer("cells", torch.tensor([columns, rows]).float(), False)

    cells: Tensor

    def forward(self, images: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, cells, 5]."""
        raw = self.head(self.neck(self.body(images))).flatten(2).transpose(1, 2)
        # the middle may lie a little outside of the cell, so that its edge can be reached
        middle = (self.places + raw[..., 1:3].sigmoid() * 1.2 - 0.1) / self.cells
        return torch.cat((raw[..., :1], middle, raw[..., 3:].sigmoid()), dim=-1)


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, C, H, W] -> [B, cells, 5], from 8x8 pixels on. There is no dropout in it."""
    _, height, width = signature.shape
    if min(height, width) < 8:
        raise UserError(
            "the picture is too small for a grid of cells of 8 pixels",
            where="model.name",
            found=f"{height}x{width} pixels",
            allowed="at least 8x8 pixels",
        )
    return Detector(knobs, signature)
