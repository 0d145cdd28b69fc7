"""Recurrent network over series of numbers, with one answer at the end.

The cell is plain (Elman 1990), GRU (Cho et al. 2014) or LSTM (Hochreiter & Schmidhuber 1997); the
hidden state begins at zero and the last one of the top layer goes through a linear layer.
Parameters of one layer: gates * width * (inputs + width + 2), with 1, 3 or 4 gates.
"""

from typing import Annotated, ClassVar, Literal

from torch import Tensor, nn

from tuiwb.base.signature import Signature
from tuiwb.models.char_rnn import CELLS
from tuiwb.models.gates import activations
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ModelKnobs


class Knobs(ModelKnobs):
    """Recurrent network over series of numbers."""

    takes: ClassVar[tuple[str, ...]] = ("sequence",)
    has_dropout: ClassVar[bool] = True

    cell: Annotated[
        Literal["rnn", "gru", "lstm"], knob("what a unit is: plain tanh, two gates, or three")
    ] = "lstm"
    width: Annotated[
        int, knob("units of each recurrent layer", unit="units", ge=1, le=16384, scale="log")
    ] = 64
    layers: Annotated[int, knob("recurrent layers on top of each other", ge=1, le=32)] = 1
    nonlinearity: Annotated[
        Literal["tanh", "relu"],
        knob("of the plain cell: tanh keeps the state between -1 and 1, relu lets it grow"),
    ] = "tanh"

    def __post_init__(self) -> None:
        if self.nonlinearity != "tanh" and self.cell != "rnn":
            raise ValueError(f"only the rnn cell has a choice of nonlinearity, not {self.cell}")


class Recurrent(nn.Module):
    """Series float32 [B, T, F] -> [B, outputs], for any T."""

    def __init__(self, knobs: Knobs, signature: Signature, dropout: float) -> None:
        super().__init__()
        features = signature.shape[-1]
        bent = {"nonlinearity": knobs.nonlinearity} if knobs.cell == "rnn" else {}
        self.recurrent = nn.ModuleList(
            CELLS[knobs.cell](
                knobs.width if above else features, knobs.width, batch_first=True, **bent
            )
            for above in range(knobs.layers)
        )
        self.dropouts = nn.ModuleList(nn.Dropout(dropout) for _ in range(knobs.layers))
        self.output = nn.Linear(knobs.width, signature.outputs)

    def forward(self, series: Tensor) -> Tensor:
        hidden = series
        for layer, dropout in zip(self.recurrent, self.dropouts, strict=True):
            hidden, _ = layer(hidden)
            hidden = dropout(hidden)
        answer: Tensor = self.output(hidden[:, -1])
        return answer

    def activations(self, series: Tensor) -> dict[str, Tensor]:
        """Hidden states and gates of the first layer: [B, T, width] each."""
        hidden, _ = self.recurrent[0](series)
        return activations(self.recurrent[0], series, hidden)


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, T, F] -> [B, outputs], for any T."""
    return Recurrent(knobs, signature, dropout)
