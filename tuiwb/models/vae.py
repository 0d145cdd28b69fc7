"""Variational autoencoder: an encoder to a normal distribution of codes, a decoder to pixels.

Kingma & Welling 2014, "Auto-encoding variational Bayes", appendix C: one hidden layer on each side
there, tanh; here as many as wanted. The encoder's two heads give mean and log-variance of each
number of the code, the decoder gives logits of pixels.
"""

from itertools import pairwise
from typing import Annotated, ClassVar

from torch import Tensor, nn

from tuiwb.base.signature import Signature
from tuiwb.models.layers import activation, stack
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import Activation, ModelKnobs


class Knobs(ModelKnobs):
    """Variational autoencoder of linear layers."""

    takes: ClassVar[tuple[str, ...]] = ("vector", "image")
    tasks: ClassVar[tuple[str, ...]] = ("variational",)

    hidden: Annotated[
        tuple[Annotated[int, knob("units", ge=1, le=65536)], ...],
        knob("units of each layer of the encoder; the decoder has them in reverse", unit="units",
             scale="log"),
    ] = (128,)  # fmt: skip
    code: Annotated[
        int, knob("numbers that stand for a sample", unit="units", ge=1, le=4096, scale="log")
    ] = 8
    activation: Annotated[Activation, knob("non-linearity after each hidden layer")] = "relu"


class VAE(nn.Module):
    """float32 [B, *shape] -> logits [B, features] at the mean of each sample's codes."""

    def __init__(self, knobs: Knobs, signature: Signature) -> None:
        super().__init__()
        self.code = knobs.code
        self.flatten = nn.Flatten()
        sizes = (signature.features, *knobs.hidden)
        self.encoder = _hidden(sizes, knobs.activation)
        self.mean = nn.Linear(sizes[-1], knobs.code)
        self.log_variance = nn.Linear(sizes[-1], knobs.code)
        back = (knobs.code, *knobs.hidden[::-1])
        self.decoder = _hidden(back, knobs.activation)
        self.pixels = nn.Linear(back[-1], signature.features)

    def encode(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the codes of [B, *shape], both [B, code]."""
        hidden = self.encoder(self.flatten(inputs))
        return self.mean(hidden), self.log_variance(hidden)

    def decode(self, code: Tensor) -> Tensor:
        """[B, code] -> logits [B, features]."""
        logits: Tensor = self.pixels(self.decoder(code))
        return logits

    def forward(self, inputs: Tensor) -> Tensor:
        """[B, *shape] -> logits [B, features]; no random number is drawn."""
        mean, log_variance = self.encode(inputs)
        # the variance takes part with weight 0, so that its layer is seen where layers are listed
        return self.decode(mean + 0 * log_variance)


def _hidden(sizes: tuple[int, ...], kind: str) -> nn.Sequential:
    layers = {
        f"hidden{number}": stack(linear=nn.Linear(inputs, outputs), activation=activation(kind))
        for number, (inputs, outputs) in enumerate(pairwise(sizes), start=1)
    }
    return stack(**layers)


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, *shape] -> logits [B, features]. There is no dropout in it."""
    return VAE(knobs, signature)
