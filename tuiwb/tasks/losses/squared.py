"""Half the squared error of a tanh output against -1 and +1: the loss of TensorFlow Playground.

0 is a perfect answer, 0.5 is what an output of 0 costs, 2 is surely wrong. Its gradient vanishes
where the output is saturated on the wrong side, which cross-entropy's does not.
"""

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor

from tuiwb.spec.sections import LossKnobs


class Knobs(LossKnobs):
    """Half the squared error of a tanh output against -1 and +1."""

    serves: ClassVar[tuple[str, ...]] = ("classify",)
    single: ClassVar[bool] = True


def build(knobs: Knobs) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss on outputs before the tanh [B, 1] with targets int64 [B] in {0, 1}."""
    return squared_error


def squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean of ``(tanh(output) - sign)^2 / 2`` with sign = 2 * target - 1."""
    # at least float32: under bfloat16 autocast a difference of 0.99 and 1 would be 0
    outputs = outputs.squeeze(-1).to(torch.promote_types(outputs.dtype, torch.float32))
    signs = 2 * targets.to(outputs.dtype) - 1
    return (torch.tanh(outputs) - signs).square().mean() / 2
