"""LeNet-5: the network that read cheques (LeCun, Bottou, Bengio & Haffner 1998, section II.B).

C1 6@5x5 - S2 - C3 16@5x5 - S4 - C5 120@5x5 - F6 84 - output, on 32x32 pixels: 61 706 parameters
for one channel and ten classes, with every map of C3 joined to all six of S2 (the paper joins most
to three or four). Smaller pictures are padded to 32x32, as the paper pads its 28x28, so that
strokes at the border reach the middle of C3's field. Subsampling is a plain mean, without the
paper's coefficient and bias, and the output is linear where the paper measures distances.
"""

from typing import Annotated, ClassVar, Literal

from torch import nn

from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.models.layers import activation, stack
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import Activation, ModelKnobs

SIDE = 32
"""Pixels that the sizes of the layers are made for."""


class Knobs(ModelKnobs):
    """LeNet-5."""

    takes: ClassVar[tuple[str, ...]] = ("image",)
    has_dropout: ClassVar[bool] = True

    activation: Annotated[Activation, knob("non-linearity after each layer but the last")] = "tanh"
    pool: Annotated[
        Literal["mean", "max"], knob("what stands for four pixels: their mean, or the largest")
    ] = "mean"


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, C, H, W] -> [B, outputs], for pictures of up to 32x32."""
    channels, height, width = signature.shape
    if max(height, width) > SIDE:
        raise UserError(
            "LeNet-5 reads pictures of up to 32x32 pixels",
            where="model.name",
            found=f"{height}x{width} pixels",
            allowed="a smaller data.size, or another architecture",
        )
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    pool = nn.AvgPool2d if knobs.pool == "mean" else nn.MaxPool2d
    return stack(
        pad=nn.ZeroPad2d((left, SIDE - width - left, top, SIDE - height - top)),
        c1=nn.Conv2d(channels, 6, 5),
        activation1=activation(knobs.activation),
        s2=pool(2),
        c3=nn.Conv2d(6, 16, 5),
        activation3=activation(knobs.activation),
        s4=pool(2),
        # 5x5 maps under a 5x5 kernel: one place is left
        c5=nn.Conv2d(16, 120, 5),
        activation5=activation(knobs.activation),
        flatten=nn.Flatten(),
        f6=nn.Linear(120, 84),
        activation6=activation(knobs.activation),
        dropout=nn.Dropout(dropout),
        output=nn.Linear(84, signature.outputs),
    )
