"""What a data source promises a model: the shapes that cross the wall between the two."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

Kind = Literal["vector", "image", "tokens", "sequence", "wave"]


@dataclass(frozen=True)
class Signature:
    """The shape of one sample and of what a model must answer.

    ``kind``        vector: ``shape`` is (features,); image: (channels, height, width);
                    tokens: (T,); sequence: (T, features); wave: (1, samples).
    ``outputs``     width of the last dimension that the model returns.
    ``vocabulary``  number of distinct tokens (0 where samples are not tokens).
    ``answer``      tokens of an answer (0: as many as in a sample, or no tokens).
    """

    kind: Kind
    shape: tuple[int, ...]
    outputs: int
    vocabulary: int = 0
    answer: int = 0

    @property
    def features(self) -> int:
        """Numbers in one flattened sample."""
        return prod(self.shape)
