"""Convolutional autoencoder for pictures: halved twice, and brought back to full size.

Strided convolutions on the way down, nearest-neighbour upsampling and convolutions on the way up
(transposed convolutions leave chequerboards: Odena et al. 2016). With ``residual`` the network only
says what to change: the output is the input plus what the decoder gives (Zhang et al. 2017, DnCNN).
"""

from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.models.layers import activation, stack
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import Activation, ModelKnobs


class Knobs(ModelKnobs):
    """Convolutional autoencoder."""

    takes: ClassVar[tuple[str, ...]] = ("image",)
    tasks: ClassVar[tuple[str, ...]] = ("denoise", "reconstruct")

    width: Annotated[
        int,
        knob("channels at full size; twice as many below", unit="channels", ge=1, le=1024,
             scale="log"),
    ] = 16  # fmt: skip
    activation: Annotated[Activation, knob("non-linearity after each convolution")] = "relu"
    residual: Annotated[
        bool, knob("the decoder's output is added to the input, instead of standing for it")
    ] = False
    skips: Annotated[
        bool,
        knob("the last convolutions also see the first one's maps at full size, past the code "
             "(Ronneberger et al. 2015, U-Net)"),
    ] = False  # fmt: skip


class ConvAutoencoder(nn.Module):
    """float32 [B, C, H, W] -> [B, C * H * W]."""

    def __init__(self, knobs: Knobs, signature: Signature) -> None:
        super().__init__()
        channels, height, width = signature.shape
        one, two = knobs.width, 2 * knobs.width
        self.residual = knobs.residual
        self.code = two * (height // 4) * (width // 4)
        self.skips = knobs.skips
        self.first = _convolution(channels, one, knobs.activation)
        self.encoder = stack(
            down1=_convolution(one, two, knobs.activation, stride=2),
            down2=_convolution(two, two, knobs.activation, stride=2),
        )
        self.decoder = stack(
            upsample1=nn.Upsample(scale_factor=2),
            up1=_convolution(two, two, knobs.activation),
            upsample2=nn.Upsample(scale_factor=2),
        )
        self.last = stack(
            up2=_convolution(two + one if knobs.skips else two, one, knobs.activation),
            output=nn.Conv2d(one, channels, 3, padding=1),
        )
        self.flatten = nn.Flatten()

    def encode(self, inputs: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, code]: the smallest maps, flattened."""
        code: Tensor = self.flatten(self.encoder(self.first(inputs)))
        return code

    def forward(self, inputs: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C * H * W]."""
        first = self.first(inputs)
        maps = self.decoder(self.encoder(first))
        rebuilt = self.last(torch.cat((maps, first), dim=1) if self.skips else maps)
        out: Tensor = self.flatten(inputs + rebuilt if self.residual else rebuilt)
        return out


def _convolution(inputs: int, outputs: int, kind: str, stride: int = 1) -> nn.Sequential:
    return stack(
        conv=nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1), activation=activation(kind)
    )


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, C, H, W] -> [B, C * H * W], for sides that are multiples of 4."""
    _, height, width = signature.shape
    if height % 4 or width % 4:
        raise UserError(
            "the picture cannot be halved twice and brought back to its size",
            where="model.name",
            found=f"{height}x{width} pixels",
            allowed="sides that are multiples of 4",
        )
    return ConvAutoencoder(knobs, signature)
