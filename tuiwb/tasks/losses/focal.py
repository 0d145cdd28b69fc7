"""Focal loss: cross-entropy in which what is already easy weighs little (Lin et al. 2017).

On one logit, with p_t the probability given to the right class:
``-a_t (1 - p_t)^gamma log p_t``, a_t = alpha for class 1 and 1 - alpha for class 0. With gamma 0
and alpha 0.5 it is half the binary cross-entropy. The paper's alpha of 0.25 goes with gamma 2 on
dense detection, where it weighs the rare class down; where the rare class is to be found, 0.75 is
the better beginning.
"""

from typing import Annotated, ClassVar

from torch import Tensor
from torch.nn import functional as F

from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import LossKnobs


class Knobs(LossKnobs):
    """Focal loss on one logit."""

    serves: ClassVar[tuple[str, ...]] = ("classify", "detect")
    single: ClassVar[bool] = True

    gamma: Annotated[
        float, knob("how little an easy sample weighs; 0 is cross-entropy", ge=0, le=10, tier="hot")
    ] = 2.0
    alpha: Annotated[
        float, knob("weight of class 1; class 0 has the rest of 1", gt=0, lt=1, tier="hot")
    ] = 0.75


class Focal:
    """Mean focal loss of logits [B, 1] (or [...]) against targets in {0, 1}, in nats."""

    def __init__(self, gamma: float, alpha: float) -> None:
        self.gamma = gamma
        self.alpha = alpha

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return self.each(outputs.squeeze(-1), targets).mean()

    def each(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The loss of every logit by itself, in the shape of both."""
        targets = targets.to(logits.dtype)
        signed = (2 * targets - 1) * logits
        # (1 - p_t)^gamma from the logit itself: no rounding to 0 or 1 on the way
        hard = (self.gamma * F.logsigmoid(-signed)).exp()
        weight = self.alpha * targets + (1 - self.alpha) * (1 - targets)
        return -weight * hard * F.logsigmoid(signed)


def build(knobs: Knobs) -> Focal:
    """The loss on logits [B, 1] with targets int64 [B] in {0, 1}."""
    return Focal(knobs.gamma, knobs.alpha)
