"""Recurrent network over characters: embedding, recurrent layers, linear (Mikolov et al. 2010).

The cell is plain (tanh of a sum, Elman 1990), GRU (Cho et al. 2014) or LSTM (Hochreiter &
Schmidhuber 1997, with the forget gate of Gers et al. 2000): gates let gradients pass
through many steps of time. Each sample begins with a hidden state of zeros, so that batches need no
order.
Parameters of one layer: gates * width * (inputs + width + 2), with 1, 3 or 4 gates. ``reference``
with LSTM cells and 10 000 words: 4 653 200 in all.
"""

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

from torch import Tensor, nn

from tuiwb.base.signature import Signature
from tuiwb.models.gates import activations
from tuiwb.spec.knobs import knob
from tuiwb.spec.sizes import SizedKnobs

CELLS: dict[str, Callable[..., nn.Module]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Knobs(SizedKnobs):
    """Recurrent network over characters."""

    takes: ClassVar[tuple[str, ...]] = ("tokens",)
    has_dropout: ClassVar[bool] = True

    cell: Annotated[
        Literal["rnn", "gru", "lstm"], knob("what a unit is: plain tanh, two gates, or three")
    ] = "lstm"
    plans: ClassVar[dict[str, dict[str, int]]] = {
        "xs": {"embed": 16, "width": 64, "layers": 1},
        "s": {"embed": 64, "width": 128, "layers": 1},
        "m": {"embed": 128, "width": 128, "layers": 1},
        "reference": {"embed": 200, "width": 200, "layers": 2},
    }

    size: Annotated[
        Literal["xs", "s", "m", "reference"],
        knob("embed, width, layers: xs 16, 64, 1; s 64, 128, 1; m 128, 128, 1; reference 200, 200, "
             "2 (the small LSTM of Zaremba et al. 2014, for words)"),
    ] = "s"  # fmt: skip
    embed: Annotated[
        int, knob("numbers that stand for a token; 0: as size has it", unit="units", ge=0, le=16384,
                  scale="log")
    ] = 0  # fmt: skip
    width: Annotated[
        int, knob("units of each recurrent layer; 0: as size has it", unit="units",
                  ge=0, le=16384, scale="log")
    ] = 0  # fmt: skip
    layers: Annotated[
        int, knob("recurrent layers on top of each other; 0: as size has it", ge=0, le=32)
    ] = 0


class CharRNN(nn.Module):
    """Tokens int64 [B, T] -> logits [B, T, outputs]; position t sees tokens 0 to t."""

    def __init__(self, knobs: Knobs, signature: Signature, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(signature.vocabulary, knobs.embed)
        # one module a layer: each has its own row in the probes, each its own dropout behind it
        self.recurrent = nn.ModuleList(
            CELLS[knobs.cell](knobs.width if above else knobs.embed, knobs.width, batch_first=True)
            for above in range(knobs.layers)
        )
        self.dropouts = nn.ModuleList(nn.Dropout(dropout) for _ in range(knobs.layers))
        self.output = nn.Linear(knobs.width, signature.outputs)

    def forward(self, tokens: Tensor) -> Tensor:
        hidden = self.embedding(tokens)
        for layer, dropout in zip(self.recurrent, self.dropouts, strict=True):
            hidden, _ = layer(hidden)
            hidden = dropout(hidden)
        logits: Tensor = self.output(hidden)
        return logits

    def activations(self, tokens: Tensor) -> dict[str, Tensor]:
        """Hidden states and gates of the first layer: [B, T, width] each."""
        vectors = self.embedding(tokens)
        hidden, _ = self.recurrent[0](vectors)
        return activations(self.recurrent[0], vectors, hidden)


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """int64 [B, T] -> [B, T, outputs], for any T."""
    return CharRNN(knobs.sized(), signature, dropout)
