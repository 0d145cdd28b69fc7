"""No loss to choose: the task brings its own (`brings_loss` of its knobs).

An adversarial game, a free energy or a variational bound is not a comparison of outputs with
targets, so there is nothing here that could be exchanged for another.
"""

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor

from tuiwb.spec.sections import LossKnobs


class Knobs(LossKnobs):
    """The task brings its loss."""

    serves: ClassVar[tuple[str, ...]] = ()
    single: ClassVar[bool] = False


def build(knobs: Knobs) -> Callable[[Tensor, Tensor], Tensor]:
    """Nothing that may be called: the task has its own."""
    return no_loss


def no_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    """Never asked by a task that brings its loss."""
    raise AssertionError("a task that brings its own loss has asked for another")
