"""What every task offers the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]
"""``loss(outputs, targets)``: a scalar, the mean over samples or tokens."""

Batch = tuple[Tensor, Tensor]
"""Inputs and targets, both on the model's device."""


@dataclass(frozen=True)
class Turn:
    """A part of a training step that moves some of the parameters by a loss of its own.

    Most tasks have one turn, which moves all. An adversarial one has two: the discriminator's,
    ``times`` updates, then the generator's.
    """

    name: str
    """Empty for the only turn; else it names the turn's loss among the parts: ``NAME_loss``."""
    parameters: tuple[nn.Parameter, ...]
    loss: Callable[[nn.Module, Batch, int], tuple[Tensor, dict[str, Tensor]]]
    """``loss(model, batch, step)``: as `Task.loss`; ``step`` counts the steps done before."""
    times: int = 1
    lr: float = 1.0
    """Factor of the spec's learning rate."""


def turns_of(task: Task, model: nn.Module) -> tuple[Turn, ...]:
    """The turns of a step: the task's own, or one that moves every parameter by its loss."""
    own: Callable[[nn.Module], tuple[Turn, ...]] | None = getattr(task, "turns", None)
    if own is not None:
        return own(model)
    parameters = tuple(p for p in model.parameters() if p.requires_grad)
    return (Turn("", parameters, lambda model, batch, step: task.loss(model, batch)),)


class Task(Protocol):
    """One training step and one evaluation, as the engine asks for them.

    A task whose step has several turns, or a loss that depends on the step, also offers
    ``turns(model) -> tuple[Turn, ...]``; one that can show something offers ``pictures``;
    one with hot knobs ``retune(knobs)``;
    one whose answers can be averaged over several models offers ``combined(outputs) -> outputs``.
    """

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
