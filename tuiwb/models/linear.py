"""One linear layer: linear, logistic or softmax regression, by the loss that stands behind it.

With standardised features the weight of a logistic regression reads as log odds ratio per standard
deviation: exp(w) is the factor by which the odds change.
"""

from typing import ClassVar

from torch import nn

from tuiwb.base.signature import Signature
from tuiwb.models.layers import stack
from tuiwb.spec.sections import ModelKnobs


class Knobs(ModelKnobs):
    """One linear layer: linear, logistic or softmax regression."""

    takes: ClassVar[tuple[str, ...]] = ("vector", "image")


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, *shape] -> [B, outputs]. There is no hidden layer for dropout to reach."""
    return stack(
        flatten=nn.Flatten() if len(signature.shape) > 1 else None,
        output=nn.Linear(signature.features, signature.outputs),
    )
