"""Mean squared error over samples and outputs, in the square of the target's unit."""

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from tuiwb.spec.sections import LossKnobs


class Knobs(LossKnobs):
    """Mean squared error."""

    serves: ClassVar[tuple[str, ...]] = ("regress", "series", "reconstruct", "denoise")
    single: ClassVar[bool] = False


def build(knobs: Knobs) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss on outputs [B, D] with targets float [B, D]."""
    return mean_squared_error


def mean_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean of ``(output - target)^2``."""
    return F.mse_loss(outputs, targets)
