"""A transformer encoder that answers at every place (Vaswani et al. 2017, section 3.1).

Token and position embeddings, pre-norm blocks whose attention sees the whole sequence, a last norm
and a linear head. No place is generated from the answers before it: the whole answer comes at once.
Parameters of a block: 4 width^2 + 2 width * hidden + 9 width + hidden: 3 152 384 in
``reference``.
"""

from typing import Annotated, ClassVar, Literal

from torch import Tensor, nn

from tuiwb.base.signature import Signature
from tuiwb.models.attention import Encoder as Body
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import Activation
from tuiwb.spec.transformer import TransformerKnobs


class Knobs(TransformerKnobs):
    """Transformer encoder with an answer at every place."""

    takes: ClassVar[tuple[str, ...]] = ("tokens",)
    tasks: ClassVar[tuple[str, ...]] = ("sequence",)
    has_dropout: ClassVar[bool] = True

    plans: ClassVar[dict[str, dict[str, int]]] = {
        "xs": {"layers": 1, "heads": 2, "width": 32, "hidden": 64},
        "s": {"layers": 2, "heads": 4, "width": 64, "hidden": 128},
        "m": {"layers": 4, "heads": 4, "width": 256, "hidden": 1024},
        "reference": {"layers": 6, "heads": 8, "width": 512, "hidden": 2048},
    }

    size: Annotated[
        Literal["xs", "s", "m", "reference"],
        knob("layers, heads, width, hidden: xs 1, 2, 32, 64; s 2, 4, 64, 128; m 4, 4, 256, 1024; "
             "reference 6, 8, 512, 2048 (the base model of the paper)"),
    ] = "s"  # fmt: skip
    hidden: Annotated[
        int, knob("units of the MLP in each block; 0: as size has it", unit="units", ge=0, le=65536,
                  scale="log")
    ] = 0  # fmt: skip
    activation: Annotated[Activation, knob("the MLP's activation")] = "relu"


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
    return Encoder(knobs.sized(), signature, dropout)
