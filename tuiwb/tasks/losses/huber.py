"""Huber loss: squared near zero, absolute far out, so that outliers pull with bounded force.

``e^2 / 2`` for ``|e| <= delta``, else ``delta * (|e| - delta / 2)`` (Huber 1964).
"""

from typing import Annotated, ClassVar

from torch import Tensor
from torch.nn import functional as F

from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import LossKnobs


class Knobs(LossKnobs):
    """Huber loss."""

    serves: ClassVar[tuple[str, ...]] = ("regress", "series", "reconstruct", "denoise")
    single: ClassVar[bool] = False

    delta: Annotated[
        float,
        knob("error at which the loss turns from squared to absolute", unit="target units", gt=0,
             le=1e6, scale="log", tier="hot"),
    ] = 1.0  # fmt: skip


class Huber:
    """Mean Huber loss of outputs against targets of the same shape."""

    def __init__(self, delta: float) -> None:
        self.delta = delta

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.huber_loss(outputs, targets, delta=self.delta)


def build(knobs: Knobs) -> Huber:
    """The loss on outputs [B, D] with targets float [B, D]; mean over samples and outputs."""
    return Huber(knobs.delta)
