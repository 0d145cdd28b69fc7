"""A small GPT: a decoder-only transformer with pre-norm blocks (Radford et al. 2019, GPT-2).

Token and position embeddings, then blocks of x + attention(norm(x)) and x + mlp(norm(x)), a last
norm and a linear head. Attention is causal and scaled by 1 / sqrt(head width) (Vaswani et al.
2017); the MLP is four times as wide, with GELU. Weights begin as GPT-2's do: N(0, 0.02^2), and the
last layer of each branch smaller by sqrt(2 * layers), so that the sum over branches keeps its size.
Parameters of a block: 12 width^2 + 13 width. ``reference`` with tied embeddings, a vocabulary of
50 257 and a context of 1 024 (both are the data's) is GPT-2's smallest: 124 439 808 parameters.
"""

from math import sqrt
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tuiwb.base.signature import Signature
from tuiwb.spec.knobs import knob
from tuiwb.spec.transformer import TransformerKnobs


class Knobs(TransformerKnobs):
    """Small GPT."""

    takes: ClassVar[tuple[str, ...]] = ("tokens",)
    has_dropout: ClassVar[bool] = True

    plans: ClassVar[dict[str, dict[str, int]]] = {
        "xs": {"layers": 2, "heads": 2, "width": 32},
        "s": {"layers": 4, "heads": 4, "width": 128},
        "m": {"layers": 6, "heads": 6, "width": 384},
        "reference": {"layers": 12, "heads": 12, "width": 768},
    }

    size: Annotated[
        Literal["xs", "s", "m", "reference"],
        knob("layers, heads, width: xs 2, 2, 32; s 4, 4, 128 (nanoGPT's for a CPU); m 6, 6, 384 "
             "(nanoGPT's for a GPU); reference 12, 12, 768 (the smallest GPT-2)"),
    ] = "s"  # fmt: skip
    tied: Annotated[
        bool, knob("the head's weights are the token embedding's (Press & Wolf 2017)")
    ] = False


class Projection(nn.Linear):
    """A linear layer whose output is several things side by side: queries, keys and values."""

    def __init__(self, inputs: int, outputs: int, parts: int) -> None:
        super().__init__(inputs, parts * outputs)
        self.parts = parts


class Attention(nn.Module):
    """Causal self-attention: [B, T, width] -> [B, T, width]."""

    causal = True
    """No place looks at a later one."""

    def __init__(self, knobs: Knobs, dropout: float) -> None:
        super().__init__()
        self.heads = knobs.heads
        self.qkv = Projection(knobs.width, knobs.width, parts=3)
        self.project = nn.Linear(knobs.width, knobs.width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        batch, time, width = x.shape
        q, k, v = (
            part.view(batch, time, self.heads, -1).transpose(1, 2)
            for part in self.qkv(x).split(width, dim=-1)
        )
        mixed = F.scaled_dot_product_attention(
            q, k, v, is_causal=True, dropout_p=self.dropout.p if self.training else 0.0
        )
        out: Tensor = self.dropout(self.project(mixed.transpose(1, 2).reshape(batch, time, width)))
        return out


class Feedforward(nn.Module):
    """Two linear layers with GELU between: [B, T, width] -> [B, T, width]."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.expand = nn.Linear(width, 4 * width)
        self.activation = nn.GELU()
        self.project = nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.dropout(self.project(self.activation(self.expand(x))))
        return out


class Block(nn.Module):
    """``x + attention(norm(x))``, then ``x + mlp(norm(x))``."""

    def __init__(self, knobs: Knobs, dropout: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(knobs.width)
        self.attention = Attention(knobs, dropout)
        self.norm2 = nn.LayerNorm(knobs.width)
        self.mlp = Feedforward(knobs.width, dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        return x


class GPT(nn.Module):
    """Tokens int64 [B, T] -> logits [B, T, outputs], for T up to the context it was built for."""

    def __init__(self, knobs: Knobs, signature: Signature, dropout: float) -> None:
        super().__init__()
        (context,) = signature.shape
        self.tokens = nn.Embedding(signature.vocabulary, knobs.width)
        self.positions = nn.Embedding(context, knobs.width)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(knobs, dropout) for _ in range(knobs.layers))
        self.norm = nn.LayerNorm(knobs.width)
        self.head = nn.Linear(knobs.width, signature.outputs, bias=False)
        self._begin(knobs.layers)
        if knobs.tied:
            self.head.weight = self.tokens.weight

    def _begin(self, layers: int) -> None:
        for name, parameter in self.named_parameters():
            if parameter.ndim >= 2:
                std = 0.02 / sqrt(2 * layers) if name.endswith("project.weight") else 0.02
                nn.init.normal_(parameter, 0.0, std)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, tokens: Tensor) -> Tensor:
        positions = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.dropout(self.tokens(tokens) + self.positions(positions))
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.head(self.norm(x))
        return logits


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """int64 [B, T] -> [B, T, outputs], for T up to the sample length of ``signature``."""
    return GPT(knobs.sized(), signature, dropout)
