"""AlexNet: the network that won ImageNet in 2012 (Krizhevsky, Sutskever & Hinton 2012).

Five convolutions, three overlapping poolings (3x3, stride 2), local response normalisation after
the first two, ReLU throughout, dropout in a head of two hidden layers. ``reference`` is the paper's
own for 227x227 pixels, with convolutions 2, 4 and 5 in two groups (one a GPU, then): 60 965 224
parameters with 1 000 classes. The small sizes keep the plan on 32x32: a first kernel of 5x5 with
stride 2 in place of 11x11 with stride 4, no groups, and a narrower head.
"""

from typing import Annotated, ClassVar, Literal

from torch import nn

from tuiwb.base.signature import Signature
from tuiwb.models.layers import stack
from tuiwb.models.sizes import least
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ModelKnobs


class Knobs(ModelKnobs):
    """AlexNet."""

    takes: ClassVar[tuple[str, ...]] = ("image",)
    has_dropout: ClassVar[bool] = True

    size: Annotated[
        Literal["xs", "s", "reference"],
        knob("xs: 16 to 48 channels; s: 32 to 96; reference: the paper's, for 227x227 pixels"),
    ] = "s"
    response_norm: Annotated[
        bool, knob("local response normalisation after the first two convolutions")
    ] = True


PLANS: dict[str, tuple[tuple[int, ...], int]] = {
    "xs": ((16, 32, 48, 48, 32), 128),
    "s": ((32, 64, 96, 96, 64), 256),
    "reference": ((96, 256, 384, 384, 256), 4096),
}
"""Channels of the five convolutions and the width of the two hidden layers of the head."""


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, C, H, W] -> [B, outputs]; from 8x8 pixels, ``reference`` from 67x67."""
    (c1, c2, c3, c4, c5), hidden = PLANS[knobs.size]
    channels, height, width = signature.shape
    whole = knobs.size == "reference"
    least(signature, 67 if whole else 8)
    groups, edge = (2, 0) if whole else (1, 1)

    def pool() -> nn.MaxPool2d:
        return nn.MaxPool2d(3, 2, padding=edge)

    def response() -> nn.Module | None:
        # alpha is divided by the size in torch: 1e-4 a neighbour in the paper
        return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2) if knobs.response_norm else None

    first = (
        nn.Conv2d(channels, c1, 11, stride=4) if whole else nn.Conv2d(channels, c1, 5, 2, padding=2)
    )

    def left(side: int) -> int:
        side = (side - 11) // 4 + 1 if whole else (side - 1) // 2 + 1
        for _ in range(3):
            side = (side + 2 * edge - 3) // 2 + 1
        return side

    model = stack(
        conv1=first,
        relu1=nn.ReLU(),
        response1=response(),
        pool1=pool(),
        conv2=nn.Conv2d(c1, c2, 5, padding=2, groups=groups),
        relu2=nn.ReLU(),
        response2=response(),
        pool2=pool(),
        conv3=nn.Conv2d(c2, c3, 3, padding=1),
        relu3=nn.ReLU(),
        conv4=nn.Conv2d(c3, c4, 3, padding=1, groups=groups),
        relu4=nn.ReLU(),
        conv5=nn.Conv2d(c4, c5, 3, padding=1, groups=groups),
        relu5=nn.ReLU(),
        pool5=pool(),
        flatten=nn.Flatten(),
        dropout6=nn.Dropout(dropout),
        hidden6=nn.Linear(c5 * left(height) * left(width), hidden),
        relu6=nn.ReLU(),
        dropout7=nn.Dropout(dropout),
        hidden7=nn.Linear(hidden, hidden),
        relu7=nn.ReLU(),
        output=nn.Linear(hidden, signature.outputs),
    )
    return model
