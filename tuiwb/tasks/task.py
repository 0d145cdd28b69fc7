"""What every task offers the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]
"""``loss(outputs, targets)``: a scalar, the mean over samples or tokens."""

Batch = tuple[Tensor, Tensor]
"""Inputs and targets, both on the model's device."""


class Task(Protocol):
    """One training step and one evaluation, as the engine asks for them."""

    baselines: dict[str, float]
    """Loss of predictors that are not networks, by name, in the unit of `loss`."""

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The scalar to minimise, and further parts worth a curve of their own (on the device)."""
        ...

    def evaluate(self, model: nn.Module, batches: Iterable[Batch]) -> dict[str, float]:
        """Metrics over all of ``batches``. The caller sets eval mode and turns gradients off."""
        ...


def plain(loss: Loss) -> Loss:
    """The loss as an evaluation reports it: without what only training adds."""
    return getattr(loss, "plain", loss)
