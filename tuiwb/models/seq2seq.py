"""A reader and a writer: GRU encoder and decoder (Cho et al. 2014; Sutskever et al. 2014), with
attention or without (Luong et al. 2015, global attention, dot score, no input feeding).

The writer begins from the reader's last hidden state. Without attention that state is all it knows
of the sequence. With it, each hidden state of the writer h looks at all states of the reader s:
c = sum softmax(h s') s, and the answer is read from tanh(W [c; h]).
"""

from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tuiwb.base.signature import Signature
from tuiwb.spec.knobs import knob
from tuiwb.spec.sizes import SizedKnobs


class Knobs(SizedKnobs):
    """GRU encoder and decoder, with attention or without."""

    takes: ClassVar[tuple[str, ...]] = ("tokens",)
    tasks: ClassVar[tuple[str, ...]] = ("seq2seq",)
    has_dropout: ClassVar[bool] = True

    attention: Annotated[
        Literal["dot", "none"], knob("whether the writer may look back at what was read")
    ] = "dot"
    plans: ClassVar[dict[str, dict[str, int]]] = {
        "xs": {"embed": 16, "width": 32},
        "s": {"embed": 32, "width": 64},
        "m": {"embed": 128, "width": 256},
        "reference": {"embed": 620, "width": 1000},
    }

    size: Annotated[
        Literal["xs", "s", "m", "reference"],
        knob("embed, width: xs 16, 32; s 32, 64; m 128, 256; reference 620, 1000, as Bahdanau et "
             "al. 2015 had for translation"),
    ] = "s"  # fmt: skip
    embed: Annotated[
        int, knob("numbers that stand for a token; 0: as size has it", unit="units", ge=0, le=16384,
                  scale="log")
    ] = 0  # fmt: skip
    width: Annotated[
        int, knob("units of reader and writer; 0: as size has it", unit="units",
                  ge=0, le=16384, scale="log")
    ] = 0  # fmt: skip


class Seq2Seq(nn.Module):
    """Tokens int64 [B, T] -> logits [B, L, outputs] for answers of L tokens.

    With the right answers at hand each place is told from the right tokens before it (teacher
    forcing); without, from its own likeliest ones (greedy).
    """

    def __init__(self, knobs: Knobs, signature: Signature, dropout: float) -> None:
        super().__init__()
        self.answer = signature.answer or signature.shape[0]
        self.start = signature.outputs
        self.read = nn.Embedding(signature.vocabulary, knobs.embed)
        self.encoder = nn.GRU(knobs.embed, knobs.width, batch_first=True)
        self.written = nn.Embedding(signature.outputs + 1, knobs.embed)
        self.decoder = nn.GRU(knobs.embed, knobs.width, batch_first=True)
        self.combine = nn.Linear(2 * knobs.width, knobs.width) if knobs.attention == "dot" else None
        self.activation = nn.Tanh() if knobs.attention == "dot" else None
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(knobs.width, signature.outputs)

    def forward(self, tokens: Tensor, answers: Tensor | None = None) -> Tensor:
        states, hidden = self.encoder(self.read(tokens))
        begin = torch.full_like(tokens[:, :1], self.start)
        if answers is not None:
            before = torch.cat((begin, answers[:, :-1].clamp(min=0)), dim=1)
            return self._write(before, hidden, states)[0]
        logits = []
        last = begin
        for _ in range(self.answer):
            step, hidden = self._write(last, hidden, states)
            logits.append(step)
            last = step.argmax(-1)
        return torch.cat(logits, dim=1)

    def attention_weights(self, tokens: Tensor) -> dict[str, Tensor]:
        """What each written token looked at while writing greedily: [B, 1, L, T]."""
        if self.combine is None:
            return {}
        states, hidden = self.encoder(self.read(tokens))
        answers = self(tokens).argmax(-1)
        before = F.pad(answers, (1, 0), value=self.start)[:, :-1]
        queries, _ = self.decoder(self.written(before), hidden)
        return {"writer": self.weights(queries, states)[:, None]}

    def weights(self, queries: Tensor, states: Tensor) -> Tensor:
        """softmax(q s'): [B, L, T], rows sum to 1."""
        return torch.softmax(queries @ states.transpose(1, 2), dim=-1)

    def _write(self, before: Tensor, hidden: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
        out, hidden = self.decoder(self.written(before), hidden)
        if self.combine is not None and self.activation is not None:
            context = F.scaled_dot_product_attention(out, states, states, scale=1.0)
            out = self.activation(self.combine(torch.cat((context, out), dim=-1)))
        return self.output(self.dropout(out)), hidden


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """int64 [B, T] -> [B, answer, outputs], for any T."""
    return Seq2Seq(knobs.sized(), signature, dropout)
