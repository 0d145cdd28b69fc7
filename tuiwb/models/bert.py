"""A small BERT: a transformer encoder that fills in masked tokens (Devlin et al. 2019).

The vocabulary has one token more than the data's, the mask, whose number is the vocabulary's size.
As there, GELU in the blocks and a head of linear, GELU, norm, and the token embedding's own weights
with a bias; unlike there, norms stand before each branch, and there is no segment embedding and no
next-sentence task. ``reference`` with BERT's vocabulary of 30 522 and context of 512 (both the
data's): 109 512 761 parameters, the paper's 110 million.
"""

from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor, nn

from tuiwb.base.signature import Signature
from tuiwb.models.attention import Encoder
from tuiwb.spec.knobs import knob
from tuiwb.spec.transformer import TransformerKnobs


class Knobs(TransformerKnobs):
    """Small BERT."""

    takes: ClassVar[tuple[str, ...]] = ("tokens",)
    tasks: ClassVar[tuple[str, ...]] = ("masked",)
    has_dropout: ClassVar[bool] = True

    plans: ClassVar[dict[str, dict[str, int]]] = {
        "xs": {"layers": 1, "heads": 2, "width": 32},
        "s": {"layers": 2, "heads": 4, "width": 64},
        "m": {"layers": 4, "heads": 4, "width": 256},
        "reference": {"layers": 12, "heads": 12, "width": 768},
    }

    size: Annotated[
        Literal["xs", "s", "m", "reference"],
        knob("layers, heads, width: xs 1, 2, 32; s 2, 4, 64; m 4, 4, 256 (BERT-mini); reference "
             "12, 12, 768 (BERT-base)"),
    ] = "s"  # fmt: skip


class Tied(nn.Module):
    """Logits from the weights of an embedding's first rows, plus a bias of its own."""

    def __init__(self, table: nn.Embedding, outputs: int) -> None:
        super().__init__()
        self.weight = table.weight
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x, self.weight[: len(self.bias)], self.bias)


class Bert(nn.Module):
    """Tokens int64 [B, T], the mask among them -> logits [B, T, outputs]."""

    def __init__(self, knobs: Knobs, signature: Signature, dropout: float) -> None:
        super().__init__()
        self.mask = signature.vocabulary
        self.body = Encoder(
            signature.vocabulary + 1,
            signature.shape[0],
            knobs.width,
            knobs.heads,
            4 * knobs.width,
            knobs.layers,
            "gelu",
            dropout,
        )
        self.transform = nn.Linear(knobs.width, knobs.width)
        self.activation = nn.GELU()
        self.norm = nn.LayerNorm(knobs.width)
        self.output = Tied(self.body.tokens, signature.outputs)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.answer(self.encode(tokens))

    def encode(self, tokens: Tensor) -> Tensor:
        """The contextual vectors: [B, T, width]."""
        out: Tensor = self.body(tokens)
        return out

    def answer(self, vectors: Tensor) -> Tensor:
        """Logits [..., outputs] of vectors [..., width]: only where they are wanted."""
        out: Tensor = self.output(self.norm(self.activation(self.transform(vectors))))
        return out

    def attention_weights(self, tokens: Tensor) -> dict[str, Tensor]:
        """What each place looks at, by block: [B, heads, T, T]."""
        return {f"block {n}": w for n, w in enumerate(self.body.weights(tokens))}


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """int64 [B, T] -> [B, T, outputs], for T up to the sample length of ``signature``."""
    return Bert(knobs.sized(), signature, dropout)
