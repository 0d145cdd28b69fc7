"""Binary cross-entropy on one logit: the log loss of logistic regression, in nats.

The logit is log(p / (1 - p)) of class 1. Computed from the logit itself (log-sum-exp), so that it
stays finite where a sigmoid would have rounded to 0 or 1.
"""

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from tuiwb.spec.sections import LossKnobs


class Knobs(LossKnobs):
    """Binary cross-entropy on one logit."""

    serves: ClassVar[tuple[str, ...]] = ("classify",)
    single: ClassVar[bool] = True


def build(knobs: Knobs) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss on logits [B, 1] with targets int64 [B] in {0, 1}."""
    return binary_cross_entropy


def binary_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean of ``-log p(target)``, in nats."""
    return F.binary_cross_entropy_with_logits(outputs.squeeze(-1), targets.to(outputs.dtype))
