"""Generative adversarial network of linear layers: a generator and a discriminator.

Goodfellow et al. 2014, "Generative adversarial nets". The generator makes a sample of a latent of
independent N(0, 1) numbers; the discriminator answers one logit (for a Wasserstein critic: one
number without a unit). Without batch norm, which would let a gradient penalty see other samples.
"""

from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from tuiwb.base.signature import Signature
from tuiwb.models.autoencoder import mlp
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import Activation, ModelKnobs


class Knobs(ModelKnobs):
    """Generator and discriminator of linear layers."""

    takes: ClassVar[tuple[str, ...]] = ("vector",)
    tasks: ClassVar[tuple[str, ...]] = ("adversarial",)

    latent: Annotated[
        int, knob("random numbers that a sample is made of", unit="units", ge=1, le=4096,
                  scale="log")
    ] = 2  # fmt: skip
    hidden: Annotated[
        tuple[Annotated[int, knob("units", ge=1, le=65536)], ...],
        knob("units of each hidden layer, of generator and discriminator alike", unit="units",
             scale="log"),
    ] = (128, 128)  # fmt: skip
    activation: Annotated[Activation, knob("non-linearity after each hidden layer")] = "relu"


class GAN(nn.Module):
    """Two networks. ``latent``: numbers of a latent."""

    def __init__(self, knobs: Knobs, signature: Signature) -> None:
        super().__init__()
        self.latent = knobs.latent
        features = signature.features
        self.generator = mlp((knobs.latent, *knobs.hidden, features), knobs.activation)
        self.discriminator = mlp((features, *knobs.hidden, 1), knobs.activation)

    def forward(self, inputs: Tensor) -> Tensor:
        """How much more real the discriminator finds [B, F] than what the generator makes of
        latents of zeros: [B, 1]. Both networks take part; no random number is drawn."""
        made = self.generator(torch.zeros(len(inputs), self.latent, device=inputs.device))
        scores: Tensor = self.discriminator(inputs) - self.discriminator(made)
        return scores


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """Samples float32 [B, F]. There is no dropout in it."""
    return GAN(knobs, signature)
