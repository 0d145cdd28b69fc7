"""Deep convolutional GAN for small pictures.

Radford, Metz & Chintala 2016, "Unsupervised representation learning with deep convolutional
generative adversarial networks": no pooling and no hidden linear layers; transposed convolutions
with batch norm and ReLU in the generator, strided convolutions and leaky ReLU in the discriminator.
Two doublings here, from a quarter of the side. The discriminator is without batch norm, so that a
gradient penalty sees one sample at a time; the output is a sigmoid, for pixels in 0..1.
"""

from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.models.layers import stack
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ModelKnobs


class Knobs(ModelKnobs):
    """Deep convolutional GAN."""

    takes: ClassVar[tuple[str, ...]] = ("image",)
    tasks: ClassVar[tuple[str, ...]] = ("adversarial",)

    latent: Annotated[
        int, knob("random numbers that a picture is made of", unit="units", ge=1, le=4096,
                  scale="log")
    ] = 16  # fmt: skip
    width: Annotated[
        int, knob("channels at half size; twice as many at a quarter", unit="channels", ge=1,
                  le=1024, scale="log")
    ] = 32  # fmt: skip


class DCGAN(nn.Module):
    """Two networks. ``latent``: numbers of a latent."""

    def __init__(self, knobs: Knobs, signature: Signature) -> None:
        super().__init__()
        channels, height, width = signature.shape
        rows, columns = height // 4, width // 4
        one, two = knobs.width, 2 * knobs.width
        self.latent = knobs.latent
        self.generator = stack(
            # no biases where a norm would take them away again
            project=nn.Linear(knobs.latent, two * rows * columns, bias=False),
            unflatten=nn.Unflatten(1, (two, rows, columns)),
            norm0=nn.BatchNorm2d(two),
            relu0=nn.ReLU(),
            up1=nn.ConvTranspose2d(two, one, 4, stride=2, padding=1, bias=False),
            norm1=nn.BatchNorm2d(one),
            relu1=nn.ReLU(),
            up2=nn.ConvTranspose2d(one, channels, 4, stride=2, padding=1),
            pixels=nn.Sigmoid(),
        )
        self.discriminator = stack(
            down1=nn.Conv2d(channels, one, 4, stride=2, padding=1),
            leaky1=nn.LeakyReLU(0.2),
            down2=nn.Conv2d(one, two, 4, stride=2, padding=1),
            leaky2=nn.LeakyReLU(0.2),
            flatten=nn.Flatten(),
            output=nn.Linear(two * rows * columns, 1),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """How much more real the discriminator finds [B, C, H, W] than what the generator makes of
        latents of zeros: [B, 1]. Both networks take part; no random number is drawn."""
        made = self.generator(torch.zeros(len(inputs), self.latent, device=inputs.device))
        scores: Tensor = self.discriminator(inputs) - self.discriminator(made)
        return scores


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """Pictures float32 [B, C, H, W] in 0..1, with sides that are multiples of 4."""
    _, height, width = signature.shape
    if height % 4 or width % 4:
        raise UserError(
            "the picture cannot be made by doubling its side twice",
            where="model.name",
            found=f"{height}x{width} pixels",
            allowed="sides that are multiples of 4",
        )
    return DCGAN(knobs, signature)
