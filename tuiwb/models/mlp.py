"""Multi-layer perceptron: linear layers with an activation between (Rumelhart et al. 1986).

Each hidden layer is linear, norm, activation, dropout, in this order. An image is flattened first.
Parameters: the sum of (in + 1) * out over all layers, and 2 a unit for a norm.
"""

from typing import Annotated, ClassVar

from torch import nn

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
    activation: Annotated[Activation, knob("non-linearity after each hidden layer")] = "relu"
    norm: Annotated[
        Norm, knob("normalisation before each activation: over the batch, or over a sample's units")
    ] = "none"


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, *shape] -> [B, outputs]."""
    layers: dict[str, nn.Module] = {"flatten": nn.Flatten()} if len(signature.shape) > 1 else {}
    width = signature.features
    for number, units in enumerate(knobs.hidden, start=1):
        layers[f"hidden{number}"] = stack(
            linear=nn.Linear(width, units),
            norm=norm(knobs.norm, units),
            activation=activation(knobs.activation),
            dropout=nn.Dropout(dropout),
        )
        width = units
    layers["output"] = nn.Linear(width, signature.outputs)
    return stack(**layers)
