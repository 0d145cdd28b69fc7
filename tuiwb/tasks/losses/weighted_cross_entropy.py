"""Softmax cross-entropy with a weight for each class: a rare class that must not be missed.

The mean over samples of ``-w_y log p_y``, in nats. (torch's own divides by the sum of the weights
in the batch; then a batch without a rare sample would push as hard as one with it.)
"""

from typing import Annotated, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import LossKnobs


class Knobs(LossKnobs):
    """Softmax cross-entropy, each class with its weight."""

    serves: ClassVar[tuple[str, ...]] = ("classify",)
    single: ClassVar[bool] = False

    weights: Annotated[
        tuple[Annotated[float, knob("weight", ge=0, le=1e6)], ...],
        knob("weight of each class, in the order of the classes; 1 where the list has ended"),
    ] = ()


class WeightedCrossEntropy:
    """Mean weighted cross-entropy of logits [B, K] against class indices int64 [B]."""

    def __init__(self, weights: tuple[float, ...]) -> None:
        self._weights = weights

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        weights = torch.ones(outputs.shape[-1], dtype=outputs.dtype, device=outputs.device)
        given = self._weights[: len(weights)]
        if given:
            weights[: len(given)] = torch.tensor(given, dtype=outputs.dtype, device=outputs.device)
        return (F.cross_entropy(outputs, targets, reduction="none") * weights[targets]).mean()

    @property
    def plain(self) -> "WeightedCrossEntropy":
        """Without weights: what an evaluation reports, comparable with ln K."""
        return WeightedCrossEntropy(())


def build(knobs: Knobs) -> WeightedCrossEntropy:
    """The loss on logits [B, K] with targets [B]."""
    return WeightedCrossEntropy(knobs.weights)
