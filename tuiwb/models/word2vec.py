"""Two vectors for each word, one as itself and one as a neighbour (Mikolov et al. 2013, skip-gram).

The score of a word beside another is the product of the first's ``centres`` vector with the
second's ``contexts`` vector. Both begin uniform on plus and minus 0.5 / width (word2vec.c begins
the second at zero).
Parameters: 2 * vocabulary * width.
"""

from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor, nn

from tuiwb.base.signature import Signature
from tuiwb.spec.knobs import knob
from tuiwb.spec.sizes import SizedKnobs


class Knobs(SizedKnobs):
    """Skip-gram word vectors."""

    takes: ClassVar[tuple[str, ...]] = ("tokens",)
    tasks: ClassVar[tuple[str, ...]] = ("embed",)

    plans: ClassVar[dict[str, dict[str, int]]] = {
        "xs": {"width": 16},
        "s": {"width": 64},
        "m": {"width": 128},
        "reference": {"width": 300},
    }

    size: Annotated[
        Literal["xs", "s", "m", "reference"],
        knob("width: xs 16; s 64; m 128; reference 300, as the vectors that were published"),
    ] = "s"  # fmt: skip
    width: Annotated[
        int, knob("numbers that stand for a word; 0: as size has it", unit="units",
                  ge=0, le=16384, scale="log")
    ] = 0  # fmt: skip


class Word2Vec(nn.Module):
    """Words int64 [B, T] -> scores [B, T, vocabulary] of every word as a neighbour of each."""

    def __init__(self, knobs: Knobs, signature: Signature) -> None:
        super().__init__()
        self.centres = nn.Embedding(signature.vocabulary, knobs.width)
        self.contexts = nn.Embedding(signature.vocabulary, knobs.width)
        for table in (self.centres, self.contexts):
            nn.init.uniform_(table.weight, -0.5 / knobs.width, 0.5 / knobs.width)

    def forward(self, words: Tensor) -> Tensor:
        every = torch.arange(self.contexts.num_embeddings, device=words.device)
        scores: Tensor = self.centres(words) @ self.contexts(every).T
        return scores


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """int64 [B, T] -> [B, T, vocabulary]; there is no layer that dropout could reach."""
    return Word2Vec(knobs.sized(), signature)
