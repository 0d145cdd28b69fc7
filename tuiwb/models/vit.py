"""Vision transformer: a picture as a sequence of patches (Dosovitskiy et al. 2021).

Each patch becomes one token by a linear map (a convolution that never overlaps); a class token
stands in front, learned positions are added, and pre-norm blocks of attention and MLP follow. The
class token's last state is what the head reads. Nothing here knows that pixels have neighbours: it
has to be learned from data, which is why small sets suit convolutions better.

``reference``, ViT-B/16 (patch 16, width 768, 12 layers, 12 heads) on 224x224 pixels: 86 567 656
parameters with 1 000 classes.
"""

from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.models.gpt import Feedforward, Projection
from tuiwb.spec.knobs import knob
from tuiwb.spec.transformer import TransformerKnobs


class Knobs(TransformerKnobs):
    """Vision transformer."""

    takes: ClassVar[tuple[str, ...]] = ("image",)
    has_dropout: ClassVar[bool] = True

    plans: ClassVar[dict[str, dict[str, int]]] = {
        "xs": {"patch": 2, "layers": 2, "heads": 2, "width": 32},
        "s": {"patch": 2, "layers": 4, "heads": 4, "width": 64},
        "m": {"patch": 4, "layers": 12, "heads": 3, "width": 192},
        "reference": {"patch": 16, "layers": 12, "heads": 12, "width": 768},
    }

    size: Annotated[
        Literal["xs", "s", "m", "reference"],
        knob("patch, layers, heads, width: xs 2, 2, 2, 32; s 2, 4, 4, 64; m 4, 12, 3, 192; "
             "reference 16, 12, 12, 768 (ViT-B/16, for 224x224 pixels)"),
    ] = "s"  # fmt: skip
    patch: Annotated[
        int, knob("side of a patch; 0: as size has it", unit="pixels", ge=0, le=64)
    ] = 0


class Attention(nn.Module):
    """Self-attention of every patch to every patch: [B, T, width] -> [B, T, width]."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = Projection(width, width, parts=3)
        self.project = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        batch, time, width = x.shape
        q, k, v = (
            part.view(batch, time, self.heads, -1).transpose(1, 2)
            for part in self.qkv(x).split(width, dim=-1)
        )
        mixed = F.scaled_dot_product_attention(q, k, v)
        out: Tensor = self.dropout(self.project(mixed.transpose(1, 2).reshape(batch, time, width)))
        return out


class Block(nn.Module):
    """``x + attention(norm(x))``, then ``x + mlp(norm(x))``."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads, dropout)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Feedforward(width, dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        return x


class ViT(nn.Module):
    """Images [B, C, H, W] -> logits [B, outputs]."""

    def __init__(self, knobs: Knobs, signature: Signature, dropout: float) -> None:
        super().__init__()
        channels, height, width = signature.shape
        patches = (height // knobs.patch) * (width // knobs.patch)
        self.patches = nn.Conv2d(channels, knobs.width, knobs.patch, knobs.patch)
        # embeddings, so that each has a row of its own in the probes and no decay of a matrix
        self.class_token = nn.Embedding(1, knobs.width)
        self.positions = nn.Embedding(patches + 1, knobs.width)
        nn.init.normal_(self.class_token.weight, 0.0, 0.02)
        # as large as the patches themselves, so that on small data order counts from the start (the
        # paper's 0.02 leaves a bag of patches, which many epochs have to sort)
        nn.init.normal_(self.positions.weight, 0.0, 0.5)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            Block(knobs.width, knobs.heads, dropout) for _ in range(knobs.layers)
        )
        self.norm = nn.LayerNorm(knobs.width)
        self.head = nn.Linear(knobs.width, signature.outputs)

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.patches(images).flatten(2).transpose(1, 2)
        places = torch.arange(tokens.shape[1] + 1, device=images.device)
        front = self.class_token(places[:1]).expand(len(images), 1, -1)
        x = self.dropout(torch.cat((front, tokens), dim=1) + self.positions(places))
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.head(self.norm(x[:, 0]))
        return logits


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, C, H, W] -> [B, outputs]; H and W are multiples of the patch's side."""
    knobs = knobs.sized()
    _, height, width = signature.shape
    if height % knobs.patch or width % knobs.patch:
        fitting = [p for p in range(1, min(height, width) + 1) if not (height % p or width % p)]
        raise UserError(
            "the picture cannot be cut into patches of this side",
            where="model.patch",
            found=f"patches of {knobs.patch}x{knobs.patch} on {height}x{width} pixels",
            allowed=", ".join(map(str, fitting)),
        )
    return ViT(knobs, signature, dropout)
