"""Residual network for small pictures (He, Zhang, Ren & Sun 2016, section 4.2).

A 3x3 convolution, three stages of n blocks at 16, 32 and 64 channels, mean over all places, linear:
6n + 2 layers. A block is x + f(x) with two convolutions in f, so that gradients reach the first
layer through sums alone. Where the size halves, the shortcut takes every second pixel and pads new
channels with zeros (option A): it has no parameters. n = 3 is ResNet-20, 269 722 parameters
(0.27 M) on three channels; n = 9 is ResNet-56, 0.85 M.
"""

from typing import Annotated, ClassVar, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from tuiwb.base.signature import Signature
from tuiwb.models.layers import stack
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ModelKnobs


class Knobs(ModelKnobs):
    """Residual network for small pictures."""

    takes: ClassVar[tuple[str, ...]] = ("image",)

    n: Annotated[
        int, knob("blocks in each of the three stages: 1 is ResNet-8, 3 is ResNet-20, 9 ResNet-56",
                  unit="blocks", ge=1, le=200)
    ] = 3  # fmt: skip
    size: Annotated[
        Literal["xs", "s", "reference"],
        knob("channels of the first stage: 8, 12, or 16 as in the paper; each next has twice more"),
    ] = "reference"
    shortcuts: Annotated[
        bool, knob("add a block's input to its output; without, this is the paper's plain network")
    ] = True


WIDTHS = {"xs": 8, "s": 12, "reference": 16}


class Shortcut(nn.Module):
    """The way around a block: every ``stride``-th pixel, and zeros for new channels (option A)."""

    def __init__(self, stride: int, new: int) -> None:
        super().__init__()
        self.stride, self.new = stride, new

    def forward(self, x: Tensor) -> Tensor:
        before = self.new // 2
        return F.pad(x[..., :: self.stride, :: self.stride], (0,) * 4 + (before, self.new - before))


class Block(nn.Module):
    """``relu(x + norm(conv(relu(norm(conv(x))))))``, halving the size where ``stride`` is 2."""

    def __init__(self, inputs: int, outputs: int, stride: int, shortcut: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = Shortcut(stride, outputs - inputs) if shortcut else None
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.conv2(self.relu1(self.norm1(self.conv1(x)))))
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        out: Tensor = self.relu2(y)
        return out


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, C, H, W] -> [B, outputs], for pictures of any size."""
    width = WIDTHS[knobs.size]
    layers: dict[str, nn.Module] = {
        "conv": nn.Conv2d(signature.shape[0], width, 3, padding=1, bias=False),
        "norm": nn.BatchNorm2d(width),
        "relu": nn.ReLU(),
    }
    inputs = width
    for stage in range(3):
        outputs = width << stage
        for number in range(knobs.n):
            stride = 2 if stage and not number else 1
            layers[f"stage{stage + 1}_block{number + 1}"] = Block(
                inputs, outputs, stride, knobs.shortcuts
            )
            inputs = outputs
    model = stack(
        **layers,
        mean=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        output=nn.Linear(inputs, signature.outputs),
    )
    for module in model.modules():
        if isinstance(module, nn.Conv2d):  # as in the paper: He et al. 2015
            nn.init.kaiming_normal_(module.weight)
    return model
