"""M5: a one-dimensional convolutional network on the raw waveform.

Dai, Dai, Qu, Li & Das 2017, "Very deep convolutional neural networks for raw waveforms", as the
torchaudio tutorial on speech commands scales it: a long first convolution in place of a
spectrogram, then three of 3 samples, each with batch norm, ReLU and pooling by 4; the mean over
time; one linear layer. The tutorial's (``s``) has 26 915 parameters with 35 classes; the paper's
(``reference``, first stride 4) 559 114 with its 10, half a million in its table 1.
"""

from typing import Annotated, ClassVar, Literal

from torch import nn

from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.models.layers import stack
from tuiwb.spec.knobs import knob
from tuiwb.spec.sizes import SizedKnobs


class Knobs(SizedKnobs):
    """M5, on raw waveforms."""

    takes: ClassVar[tuple[str, ...]] = ("wave",)

    plans: ClassVar[dict[str, dict[str, tuple[int, ...]]]] = {
        "xs": {"channels": (16, 16, 32, 32)},
        "s": {"channels": (32, 32, 64, 64)},
        "m": {"channels": (64, 64, 128, 256)},
        "reference": {"channels": (128, 128, 256, 512)},
    }

    size: Annotated[
        Literal["xs", "s", "m", "reference"],
        knob("channels: xs 16, 16, 32, 32; s 32, 32, 64, 64 (the tutorial's); m 64, 64, 128, 256; "
             "reference 128, 128, 256, 512 (the paper's)"),
    ] = "s"  # fmt: skip
    channels: Annotated[
        tuple[Annotated[int, knob("channels", ge=1, le=4096)], ...],
        knob("channels of the four convolutions; empty: as size has it", unit="channels",
             scale="log"),
    ] = ()  # fmt: skip
    kernel: Annotated[
        int, knob("samples that one place of the first convolution hears", unit="samples", ge=1,
                  le=4096, scale="log")
    ] = 80  # fmt: skip
    stride: Annotated[
        int, knob("samples from one place of the first convolution to the next", unit="samples",
                  ge=1, le=1024)
    ] = 8  # fmt: skip

    def __post_init__(self) -> None:
        if len(self.channels) not in (0, 4):
            raise ValueError(f"channels are those of four convolutions, not {len(self.channels)}")


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

    one, two, three, four = knobs.sized().channels
    return stack(
        block1=block(inputs, one, knobs.kernel, knobs.stride),
        block2=block(one, two, 3),
        block3=block(two, three, 3),
        block4=block(three, four, 3),
        mean=nn.AdaptiveAvgPool1d(1),
        flatten=nn.Flatten(),
        output=nn.Linear(four, signature.outputs),
    )
