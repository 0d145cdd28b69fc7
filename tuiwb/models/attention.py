"""Parts of transformer encoders: self-attention that sees every place, and blocks made of it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tuiwb.models.gpt import Projection
from tuiwb.models.layers import activation


class SelfAttention(nn.Module):
    """Multi-head self-attention over all places: [B, T, width] -> [B, T, width].

    softmax(q k' / sqrt(head width)) v for each head, side by side, then a linear layer (Vaswani et
    al. 2017, section 3.2): the numbers of `torch.nn.MultiheadAttention`.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = Projection(width, width, parts=3)
        self.project = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self._split(x)
        mixed = F.scaled_dot_product_attention(q, k, v)
        out: Tensor = self.dropout(self.project(mixed.transpose(1, 2).flatten(2)))
        return out

    def weights(self, x: Tensor) -> Tensor:
        """What each place looks at: [B, heads, T, T], rows sum to 1."""
        q, k, _ = self._split(x)
        return torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, dim=-1)

    def _split(self, x: Tensor) -> tuple[Tensor, ...]:
        """Queries, keys and values, each [B, heads, T, width / heads]."""
        parts = self.qkv(x).chunk(3, dim=-1)
        return tuple(p.unflatten(-1, (self.heads, -1)).transpose(1, 2) for p in parts)


class Block(nn.Module):
    """``x + attention(norm(x))``, then ``x + mlp(norm(x))``."""

    def __init__(self, width: int, heads: int, hidden: int, act: str, dropout: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads, dropout)
        self.norm2 = nn.LayerNorm(width)
        self.expand = nn.Linear(width, hidden)
        self.activation = activation(act)
        self.project = nn.Linear(hidden, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        out: Tensor = x + self.dropout(self.project(self.activation(self.expand(self.norm2(x)))))
        return out


class Encoder(nn.Module):
    """Token and position embeddings and blocks: int64 [B, T] -> [B, T, width], T up to context."""

    def __init__(
        self,
        vocabulary: int,
        context: int,
        width: int,
        heads: int,
        hidden: int,
        layers: int,
        act: str,
        dropout: float,
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(context, width)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            Block(width, heads, hidden, act, dropout) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)
        for table in (self.tokens, self.positions):
            nn.init.normal_(table.weight, 0.0, 0.1)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self._embed(tokens)
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.norm(x)
        return out

    def weights(self, tokens: Tensor) -> list[Tensor]:
        """The attention of each block: [B, heads, T, T]."""
        x, seen = self._embed(tokens), []
        for block in self.blocks:
            assert isinstance(block, Block)
            seen.append(block.attention.weights(block.norm1(x)))
            x = block(x)
        return seen

    def _embed(self, tokens: Tensor) -> Tensor:
        places = torch.arange(tokens.shape[1], device=tokens.device)
        out: Tensor = self.dropout(self.tokens(tokens) + self.positions(places))
        return out
