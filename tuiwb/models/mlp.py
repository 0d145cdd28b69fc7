"""Multi-layer perceptron: linear layers with an activation between (Rumelhart et al. 1986).

Each hidden layer is linear, norm, activation, dropout, in this order. An image is flattened first.
Parameters: the sum of (in + 1) * out over all layers, and 2 a unit for a norm.

With skip connections a hidden layer as wide as its input adds to it instead of replacing it. L bare
skips (``plain``) double the signal's power L times and more; ``scaled`` divides each branch by
sqrt(L), so that the sum over all of them stays of one size (Zhang, Dauphin & Ma 2019).
"""

from collections import OrderedDict
from typing import Annotated, ClassVar, Literal

from torch import Tensor, nn

from tuiwb.base.signature import Signature
from tuiwb.models.layers import activation, norm, stack
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import Activation, ModelKnobs, Norm


class Knobs(ModelKnobs):
    """Multi-layer perceptron."""

    takes: ClassVar[tuple[str, ...]] = ("vector", "image")
    has_dropout: ClassVar[bool] = True

    hidden: Annotated[
        tuple[Annotated[int, knob("units", ge=1, le=65536)], ...],
        knob("units of each hidden layer, from the input on; [] is a linear model", unit="units",
             scale="log"),
    ] = (64, 64)  # fmt: skip
    layers: Annotated[
        int, knob("hidden layers of `width` units each, in place of `hidden`; 0 takes `hidden`",
                  unit="layers", ge=0, le=1000)
    ] = 0  # fmt: skip
    width: Annotated[
        int, knob("units of each hidden layer where `layers` is above 0", unit="units", ge=1,
                  le=65536, scale="log")
    ] = 64  # fmt: skip
    activation: Annotated[Activation, knob("non-linearity after each hidden layer")] = "relu"
    norm: Annotated[
        Norm, knob("normalisation before each activation: over the batch, or over a sample's units")
    ] = "none"
    skip: Annotated[
        Literal["none", "plain", "scaled"],
        knob("skip connection around each hidden layer as wide as its input: plain adds the layer "
             "to its input, scaled divides it by the square root of their number first"),
    ] = "none"  # fmt: skip


class Skip(nn.Sequential):
    """Layers one after another, scaled and added to what went in: [B, F] -> [B, F]."""

    scale = 1.0

    def forward(self, x: Tensor) -> Tensor:
        branch: Tensor = super().forward(x)
        return x + self.scale * branch


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, *shape] -> [B, outputs]."""
    hidden = (knobs.width,) * knobs.layers if knobs.layers else knobs.hidden
    layers: dict[str, nn.Module] = {"flatten": nn.Flatten()} if len(signature.shape) > 1 else {}
    width = signature.features
    skips: list[Skip] = []
    for number, units in enumerate(hidden, start=1):
        block = stack(
            linear=nn.Linear(width, units),
            norm=norm(knobs.norm, units),
            activation=activation(knobs.activation),
            dropout=nn.Dropout(dropout),
        )
        if knobs.skip != "none" and units == width:
            block = Skip(OrderedDict(block.named_children()))
            skips.append(block)
        layers[f"hidden{number}"] = block
        width = units
    for skip in skips:
        skip.scale = len(skips) ** -0.5 if knobs.skip == "scaled" else 1.0
    layers["output"] = nn.Linear(width, signature.outputs)
    return stack(**layers)
