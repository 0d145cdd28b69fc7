"""A small convolutional network for small pictures: three convolutions, two poolings, one linear.

After LeCun et al. 1989 in plan (shared weights, then coarser maps) and Ioffe & Szegedy 2015 in its
norm: conv W - conv 2W - pool - conv 2W - pool - linear, each convolution followed by norm and
activation, padded so that it keeps the picture's size. With width 32 on 8x8 digits: 59 k
parameters. Convolution moves with the picture (equivariance); only pooling begins
to forgive a move.
"""

from typing import Annotated, ClassVar, Literal

from torch import nn

from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.models.layers import activation, norm, stack
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import Activation, ModelKnobs, Norm


class Knobs(ModelKnobs):
    """Small convolutional network."""

    takes: ClassVar[tuple[str, ...]] = ("image",)
    has_dropout: ClassVar[bool] = True

    width: Annotated[
        int,
        knob("channels of the first convolution; the other two have twice as many", unit="channels",
             ge=1, le=1024, scale="log"),
    ] = 32  # fmt: skip
    kernel: Annotated[
        int, knob("side of the convolutions' kernels; odd, so that they have a middle",
                  unit="pixels", ge=1, le=31)
    ] = 3  # fmt: skip
    activation: Annotated[Activation, knob("non-linearity after each convolution")] = "relu"
    norm: Annotated[
        Norm, knob("normalisation before each activation: over the batch, or over one sample")
    ] = "batch"
    head: Annotated[
        Literal["flatten", "max", "mean"],
        knob("what the linear layer reads: every place of every map, or one number of each map, "
             "its maximum or its mean"),
    ] = "flatten"  # fmt: skip

    def __post_init__(self) -> None:
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, and {self.kernel} is even")


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, C, H, W] -> [B, outputs]. Pictures from 4x4 on; kernels up to their size."""
    channels, height, width = signature.shape
    if min(height, width) < 4:
        raise UserError(
            "the picture is too small to be halved twice",
            where="model.name",
            found=f"{height}x{width} pixels",
            allowed="at least 4x4 pixels, or model.name = mlp",
        )
    if knobs.kernel > min(height, width):
        largest = min(height, width) - 1 + min(height, width) % 2
        raise UserError(
            "the kernel is larger than the picture",
            where="model.kernel",
            found=f"a kernel of {knobs.kernel}x{knobs.kernel} on {height}x{width} pixels",
            allowed=f"an odd number from 1 to {largest}",
        )

    def convolution(inputs: int, outputs: int, *, pool: bool) -> nn.Sequential:
        return stack(
            # a norm takes any bias away again
            conv=nn.Conv2d(
                inputs, outputs, knobs.kernel, padding="same", bias=knobs.norm == "none"
            ),
            norm=norm(knobs.norm, outputs, dimensions=2),
            activation=activation(knobs.activation),
            pool=nn.MaxPool2d(2) if pool else None,
        )

    first, second = knobs.width, 2 * knobs.width
    places = (height // 4) * (width // 4) if knobs.head == "flatten" else 1
    pool: dict[str, nn.Module | None] = {
        "flatten": None,
        "max": nn.AdaptiveMaxPool2d(1),
        "mean": nn.AdaptiveAvgPool2d(1),
    }
    return stack(
        block1=convolution(channels, first, pool=False),
        block2=convolution(first, second, pool=True),
        block3=convolution(second, second, pool=True),
        pool=pool[knobs.head],
        flatten=nn.Flatten(),
        dropout=nn.Dropout(dropout),
        output=nn.Linear(second * places, signature.outputs),
    )
