"""M5: a one-dimensional convolutional network on the raw waveform.

Dai, Dai, Qu, Li & Das 2017, "Very deep convolutional neural networks for raw waveforms", as the
torchaudio tutorial on speech commands scales it: a long first convolution in place of a
spectrogram, then three of 3 samples, each with batch norm, ReLU and pooling by 4; the mean over
time; one linear layer. With 32 channels and 35 classes: 26 915 parameters.
"""

from typing import Annotated, ClassVar

from torch import nn

from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.models.layers import stack
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ModelKnobs


class Knobs(ModelKnobs):
    """M5, on raw waveforms."""

    takes: ClassVar[tuple[str, ...]] = ("wave",)

    channels: Annotated[
        int, knob("channels of the first two convolutions; the other two have twice as many",
                  unit="channels", ge=1, le=1024, scale="log")
    ] = 32  # fmt: skip
    kernel: Annotated[
        int, knob("samples that one place of the first convolution hears", unit="samples", ge=1,
                  le=4096, scale="log")
    ] = 80  # fmt: skip
    stride: Annotated[
        int, knob("samples from one place of the first convolution to the next", unit="samples",
                  ge=1, le=1024)
    ] = 8  # fmt: skip


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, 1, T] -> [B, outputs]. There is no dropout in it."""
    inputs, samples = signature.shape
    left = (samples - knobs.kernel) // knobs.stride + 1
    for _ in range(3):
        left = left // 4 - 2
    if left < 4:
        raise UserError(
            "the clip is too short: nothing of it is left after four poolings",
            where="model.stride",
            found=f"{samples} samples, kernel {knobs.kernel}, stride {knobs.stride}",
            allowed="a smaller stride, or longer clips",
        )

    def block(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
        return stack(
            conv=nn.Conv1d(inputs, outputs, kernel, stride=stride),
            norm=nn.BatchNorm1d(outputs),
            activation=nn.ReLU(),
            pool=nn.MaxPool1d(4),
        )

    one, two = knobs.channels, 2 * knobs.channels
    return stack(
        block1=block(inputs, one, knobs.kernel, knobs.stride),
        block2=block(one, one, 3),
        block3=block(one, two, 3),
        block4=block(two, two, 3),
        mean=nn.AdaptiveAvgPool1d(1),
        flatten=nn.Flatten(),
        output=nn.Linear(two, signature.outputs),
    )
