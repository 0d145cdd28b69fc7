"""A network made to reach 94 % on CIFAR-10 in seconds, after airbench94 (Jordan 2024, "94% on
CIFAR-10 in 3.29 seconds on a single GPU").

A first convolution of 2x2 that is never trained: it whitens patches, with filters that are the
eigenvectors of their covariance in the training pictures, each divided by the root of its
eigenvalue, and then all of them negated. Three blocks of conv, pool, norm, GELU, conv, norm, GELU
at 64, 256 and 256 channels; the largest of what is left of each channel; a linear layer without
bias, whose answer is divided by 9. Every 3x3 convolution begins as the identity for as many
channels as it has inputs. Norms have a shift and no scale, forget their statistics fast, and their
shifts learn 64 times faster than all else. In evaluation the answers for the picture and for its
mirror image are averaged.

Of the original's means are missing here: averaging of weights along the way (lookahead), the flip
that alternates from epoch to epoch, moved pictures in evaluation, and the end of the first bias's
training after three epochs. ``reference`` on three channels and ten classes: 1 971 352 parameters,
and 288 in the whitening.
"""

from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tuiwb.base.signature import Signature
from tuiwb.models.layers import stack
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ModelKnobs


class Knobs(ModelKnobs):
    """Whitening, then three blocks of two convolutions (airbench94)."""

    takes: ClassVar[tuple[str, ...]] = ("image",)

    size: Annotated[
        Literal["xs", "s", "m", "reference"],
        knob("channels of the first block: 8, 16, 32, or 64 as in the original; the next two have "
             "four times more"),
    ] = "s"  # fmt: skip
    mirror: Annotated[
        bool, knob("evaluate every picture together with its mirror image (describe counts both)")
    ] = True


WIDTHS = {"xs": 8, "s": 16, "m": 32, "reference": 64}
SIDE = 2
"""Pixels along a side of the patches that are whitened."""
SEEN = 5000
"""Training pictures that the covariance of patches is taken from."""
LEAST = 5e-4
"""Added to every eigenvalue: directions that hardly vary are not blown up."""
KEPT = 0.6
"""Share of a norm's running statistics kept each step."""
FASTER = 8.0
"""A norm's shift is this many times what is stored: gradient and effect both grow by it, so that
plain descent moves the shift by its square, 64."""
SOFTER = 1 / 9
"""Factor of the last layer's answer."""


class Whitening(nn.Module):
    """Patches onto the directions in which they vary, each as strong as any other, both signs:
    [B, C, H, W] -> [B, 2 * 4 C, H - 1, W - 1]. Only its bias is trained."""

    weight: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        patch = channels * SIDE**2
        # without data: every place of a patch by itself
        eye = torch.eye(patch).view(patch, channels, SIDE, SIDE)
        self.register_buffer("weight", torch.cat((eye, -eye)))
        self.bias = nn.Parameter(torch.zeros(2 * patch))

    def forward(self, images: Tensor) -> Tensor:
        return F.conv2d(images, self.weight, self.bias)

    @torch.no_grad()
    def learn(self, images: Tensor) -> None:
        """Take the directions from patches of ``images`` [N, C, H, W] (about zero, as scaled)."""
        channels = images.shape[1]
        patches = images.unfold(2, SIDE, 1).unfold(3, SIDE, 1)  # [N, C, H', W', 2, 2]
        flat = patches.permute(0, 2, 3, 1, 4, 5).flatten(0, 2).flatten(1).double()
        values, vectors = torch.linalg.eigh(flat.T @ flat / len(flat))
        rows = (vectors / torch.sqrt(values + LEAST)).T.flip(0)  # the strongest first
        filters = rows.reshape(-1, channels, SIDE, SIDE).to(self.weight)
        self.weight.copy_(torch.cat((filters, -filters)))


class Norm(nn.BatchNorm2d):
    """Batch norm with a fast memory, no scale, and a shift that learns 64 times faster."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-12, momentum=1 - KEPT)
        del self.weight
        self.register_buffer("weight", torch.ones(channels), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        return F.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            FASTER * self.bias,
            self.training,
            self.momentum or 0.0,
            self.eps,
        )


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    """3x3, without bias; as many of its outputs as there are inputs begin as copies of them."""
    conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    nn.init.dirac_(conv.weight[:inputs].data)
    return conv


def _block(inputs: int, outputs: int, side: int) -> nn.Sequential:
    return stack(
        conv1=_conv(inputs, outputs),
        pool=nn.MaxPool2d(2) if side > 1 else None,
        norm1=Norm(outputs),
        gelu1=nn.GELU(),
        conv2=_conv(outputs, outputs),
        norm2=Norm(outputs),
        gelu2=nn.GELU(),
    )


class Airbench(nn.Module):
    """Images [B, C, H, W] -> logits [B, outputs]."""

    def __init__(self, knobs: Knobs, signature: Signature) -> None:
        super().__init__()
        channels, height, width = signature.shape
        self.mirror = knobs.mirror
        self.whitening = Whitening(channels)
        self.gelu = nn.GELU()
        first = WIDTHS[knobs.size]
        inputs, side = 2 * channels * SIDE**2, min(height, width) - 1
        blocks = []
        for outputs in (first, 4 * first, 4 * first):
            blocks.append(_block(inputs, outputs, side))  # one pixel is not pooled any further
            inputs, side = outputs, max(side // 2, 1)
        self.blocks = nn.Sequential(*blocks)
        self.largest = nn.AdaptiveMaxPool2d(1)
        self.output = nn.Linear(inputs, signature.outputs, bias=False)

    def see(self, inputs: Tensor) -> None:
        """What the training pictures [N, C, H, W] decide before the first step."""
        self.whitening.learn(inputs[:SEEN])

    def forward(self, images: Tensor) -> Tensor:
        logits = self._answer(images)
        if self.mirror and not self.training:
            logits = (logits + self._answer(images.flip(-1))) / 2
        return logits

    def _answer(self, images: Tensor) -> Tensor:
        features = self.largest(self.blocks(self.gelu(self.whitening(images)))).flatten(1)
        logits: Tensor = self.output(features) * SOFTER
        return logits


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, C, H, W] -> [B, outputs], from 2x2 pixels on. There is no dropout in it."""
    return Airbench(knobs, signature)
