"""A transformer encoder that answers at every place (Vaswani et al. 2017, section 3.1).

Token and position embeddings, pre-norm blocks whose attention sees the whole sequence, a last norm
and a linear head. No place is generated from the answers before it: the whole answer comes at once.
Parameters of a block: 4 width^2 + 2 width * hidden + 9 width + hidden.
"""

from typing import Annotated, ClassVar

from torch import Tensor, nn

from tuiwb.base.signature import Signature
from tuiwb.models.attention import Encoder as Body
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import Activation, ModelKnobs


class Knobs(ModelKnobs):
    """Transformer encoder with an answer at every place."""

    takes: ClassVar[tuple[str, ...]] = ("tokens",)
    tasks: ClassVar[tuple[str, ...]] = ("sequence",)
    has_dropout: ClassVar[bool] = True

    layers: Annotated[int, knob("blocks of attention and MLP", ge=1, le=128)] = 2
    heads: Annotated[
        int, knob("attention heads in each block; they share the width", ge=1, le=256)
    ] = 4
    width: Annotated[
        int, knob("numbers that stand for a token between blocks", unit="units", ge=1, le=16384,
                  scale="log")
    ] = 64  # fmt: skip
    hidden: Annotated[
        int, knob("units of the MLP in each block", unit="units", ge=1, le=65536, scale="log")
    ] = 128
    activation: Annotated[Activation, knob("the MLP's activation")] = "relu"

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} cannot be shared by {self.heads} heads")


class Encoder(nn.Module):
    """Tokens int64 [B, T] -> logits [B, T, outputs], for T up to the context it was built for."""

    def __init__(self, knobs: Knobs, signature: Signature, dropout: float) -> None:
        super().__init__()
        self.body = Body(
            signature.vocabulary,
            signature.shape[0],
            knobs.width,
            knobs.heads,
            knobs.hidden,
            knobs.layers,
            knobs.activation,
            dropout,
        )
        self.head = nn.Linear(knobs.width, signature.outputs)

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(tokens))
        return logits

    def attention_weights(self, tokens: Tensor) -> dict[str, Tensor]:
        """What each place looks at, by block: [B, heads, T, T]."""
        return {f"block {n}": w for n, w in enumerate(self.body.weights(tokens))}


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """int64 [B, T] -> [B, T, outputs], for T up to the sample length of ``signature``."""
    return Encoder(knobs, signature, dropout)
