"""Autoencoder: an encoder to a narrow code, and a decoder that mirrors it.

After Hinton & Salakhutdinov 2006, "Reducing the dimensionality of data with neural networks" (which
pre-trained its layers as Boltzmann machines; from random weights, Adam gets there without). The
code and the output are linear. ``reference`` on 28x28 pixels: 2 837 314 parameters.
"""

from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from torch import Tensor, nn

from tuiwb.base.signature import Signature
from tuiwb.models.layers import activation, stack
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import Activation
from tuiwb.spec.sizes import SizedKnobs


class Knobs(SizedKnobs):
    """Autoencoder of linear layers."""

    takes: ClassVar[tuple[str, ...]] = ("vector", "image")
    tasks: ClassVar[tuple[str, ...]] = ("reconstruct",)

    plans: ClassVar[dict[str, dict[str, int | tuple[int, ...]]]] = {
        "xs": {"hidden": (64,), "code": 4},
        "s": {"hidden": (128, 64), "code": 8},
        "m": {"hidden": (256, 128), "code": 16},
        "reference": {"hidden": (1000, 500, 250), "code": 30},
    }

    size: Annotated[
        Literal["xs", "s", "m", "reference"],
        knob("hidden and code: xs 64, 4; s 128-64, 8; m 256-128, 16; reference 1000-500-250, 30 "
             "(the paper's for MNIST)"),
    ] = "s"  # fmt: skip
    hidden: Annotated[
        tuple[Annotated[int, knob("units", ge=1, le=65536)], ...],
        knob("units of each layer of the encoder; the decoder has them in reverse; empty: as size "
             "has it", unit="units", scale="log"),
    ] = ()  # fmt: skip
    code: Annotated[
        int, knob("numbers that stand for a sample; 0: as size has it", unit="units", ge=0, le=4096,
                  scale="log")
    ] = 0  # fmt: skip
    activation: Annotated[
        Activation, knob("non-linearity after each layer but code and output")
    ] = "relu"


class Autoencoder(nn.Module):
    """float32 [B, *shape] -> [B, features]: each sample again."""

    def __init__(self, knobs: Knobs, signature: Signature) -> None:
        super().__init__()
        self.code = knobs.code
        self.flatten = nn.Flatten()
        sizes = (signature.features, *knobs.hidden, knobs.code)
        self.encoder = mlp(sizes, knobs.activation)
        self.decoder = mlp(sizes[::-1], knobs.activation)

    def encode(self, inputs: Tensor) -> Tensor:
        """[B, *shape] -> [B, code]."""
        code: Tensor = self.encoder(self.flatten(inputs))
        return code

    def forward(self, inputs: Tensor) -> Tensor:
        """[B, *shape] -> [B, features]."""
        rebuilt: Tensor = self.decoder(self.encode(inputs))
        return rebuilt


def mlp(sizes: tuple[int, ...], kind: str) -> nn.Sequential:
    """Linear layers from each size to the next, an activation behind all but the last."""
    layers: dict[str, nn.Module] = {}
    for number, (inputs, outputs) in enumerate(pairwise(sizes[:-1]), start=1):
        layers[f"hidden{number}"] = stack(
            linear=nn.Linear(inputs, outputs), activation=activation(kind)
        )
    layers["output"] = nn.Linear(sizes[-2], sizes[-1])
    return stack(**layers)


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, *shape] -> [B, features]. There is no dropout in it."""
    return Autoencoder(knobs.sized(), signature)
