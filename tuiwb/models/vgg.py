"""VGG: depth by stacks of 3x3 convolutions (Simonyan & Zisserman 2015).

Two 3x3 kernels on top of each other see 5x5 pixels with fewer weights than one 5x5 and a
non-linearity between; after each stack the picture is halved and the channels doubled.
``reference`` is configuration D, VGG-16, for 224x224 pixels: 138 357 544 parameters with 1 000
classes (and norm = none, as in the paper). The small sizes are made for 32x32: three stacks of two,
then the same kind of head, narrower, and batch norm (Ioffe & Szegedy 2015), without which the paper
had to train shallow nets first.
"""

from typing import Annotated, ClassVar, Literal

from torch import nn

from tuiwb.base.signature import Signature
from tuiwb.models.layers import norm, stack
from tuiwb.models.sizes import least
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ModelKnobs, Norm


class Knobs(ModelKnobs):
    """Stacks of 3x3 convolutions (VGG)."""

    takes: ClassVar[tuple[str, ...]] = ("image",)
    has_dropout: ClassVar[bool] = True

    size: Annotated[
        Literal["xs", "s", "reference"],
        knob("xs: 16, 32, 64 channels; s: 32, 64, 128; reference: VGG-16 for 224x224 pixels"),
    ] = "s"
    norm: Annotated[Norm, knob("normalisation before each activation; the paper has none")] = (
        "batch"
    )


PLANS: dict[str, tuple[tuple[tuple[int, int], ...], int]] = {
    "xs": (((2, 16), (2, 32), (2, 64)), 64),
    "s": (((2, 32), (2, 64), (2, 128)), 128),
    "reference": (((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)), 4096),
}
"""Stacks (convolutions, channels) and the width of the two hidden layers of the head."""


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, C, H, W] -> [B, outputs]; H and W survive being halved once a stack."""
    stacks, hidden = PLANS[knobs.size]
    channels, height, width = signature.shape
    least(signature, 2 ** len(stacks))
    layers: dict[str, nn.Module] = {}
    for number, (depth, outputs) in enumerate(stacks, start=1):
        parts: dict[str, nn.Module | None] = {}
        for i in range(1, depth + 1):
            bias = knobs.norm == "none"  # a norm takes any bias away again
            parts[f"conv{i}"] = nn.Conv2d(channels, outputs, 3, padding=1, bias=bias)
            parts[f"norm{i}"] = norm(knobs.norm, outputs, dimensions=2)
            parts[f"relu{i}"] = nn.ReLU()
            channels = outputs
        layers[f"stack{number}"] = stack(**parts, pool=nn.MaxPool2d(2))
        height, width = height // 2, width // 2
    model = stack(
        **layers,
        flatten=nn.Flatten(),
        hidden1=nn.Linear(channels * height * width, hidden),
        relu1=nn.ReLU(),
        dropout1=nn.Dropout(dropout),
        hidden2=nn.Linear(hidden, hidden),
        relu2=nn.ReLU(),
        dropout2=nn.Dropout(dropout),
        output=nn.Linear(hidden, signature.outputs),
    )
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
    return model
