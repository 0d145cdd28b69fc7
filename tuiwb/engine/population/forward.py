"""Losses of all members in one pass, in one of two ways: layer by layer, or mapped by torch.

Both give ``losses(batch, shared, step)``: the loss of every member, [M], and the parts of it, and
leave the gradients to autograd: members have nothing in common, so the gradient of the sum is
everybody's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tuiwb.engine.build import Session
from tuiwb.engine.population.layers import Walk
from tuiwb.engine.population.stack import Stack
from tuiwb.tasks.classify import Classify
from tuiwb.tasks.losses.cross_entropy import CrossEntropy
from tuiwb.tasks.task import Batch, Turn

Losses = tuple[Tensor, dict[str, Tensor]]


class Forward(Protocol):
    """``drops``: whether it can drop activations, each member by its own share and draws."""

    drops: bool

    def __init__(
        self, sessions: Sequence[Session], stack: Stack, generators: Sequence[torch.Generator]
    ) -> None: ...

    def losses(self, batch: Batch, shared: bool, step: int) -> Losses:
        """``batch`` is [B, ...] where it is ``shared``, else [M, B, ...]."""
        ...


class Layered:
    """Layer by layer, then the task's loss. Raises `layers.Unknown` for other models."""

    def __init__(
        self, sessions: Sequence[Session], stack: Stack, generators: Sequence[torch.Generator]
    ) -> None:
        walk = Walk([session.model for session in sessions], stack, generators)
        self._walk, self.drops = walk, walk.drops
        self._turn, self._members = sessions[0].turns[0], stack.size
        task, loss = sessions[0].task, sessions[0].loss
        known = type(task) is Classify and type(loss) is CrossEntropy
        self._loss: CrossEntropy | None = loss if known else None

    def losses(self, batch: Batch, shared: bool, step: int) -> Losses:
        inputs, targets = batch
        each = inputs.expand(self._members, *inputs.shape) if shared else inputs
        outputs = self._walk(each)
        if self._loss is not None and outputs.ndim == 3 and targets.ndim == (1 if shared else 2):
            return cross_entropy(outputs, targets, self._loss.label_smoothing), {}

        def one(outputs: Tensor, inputs: Tensor, targets: Tensor) -> Losses:
            return self._turn.loss(_Answered(inputs, outputs), (inputs, targets), step)

        over = (0, None, None) if shared else (0, 0, 0)
        losses, parts = torch.func.vmap(one, in_dims=over)(outputs, inputs, targets)
        return losses, parts


def cross_entropy(outputs: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """The loss `tuiwb.tasks.losses.cross_entropy` of outputs [M, B, K] against classes [B] or
    [M, B], for each member: [M].

    Mapped by torch it takes three times as long; with few classes, their sum is one vector
    operation where they stand apart, not side by side.
    """
    members, size, _ = outputs.shape
    classes = targets.expand(members, size).reshape(-1)
    logs = outputs.flatten(0, 1).t().contiguous().log_softmax(0)
    losses = F.nll_loss(logs.t(), classes, reduction="none")
    if smoothing:
        losses = (1 - smoothing) * losses - smoothing * logs.mean(0)
    return losses.view(members, size).mean(1)


class _Answered(nn.Module):
    """In the place of a model, for a task that asks it for this very batch and nothing else."""

    def __init__(self, inputs: Tensor, outputs: Tensor) -> None:
        super().__init__()
        self._asked, self._outputs = inputs, outputs

    def forward(self, inputs: Tensor) -> Tensor:
        if inputs is not self._asked:
            raise RuntimeError("the task asks its model for more than the batch")
        return self._outputs


class Mapped:
    """Any model, by `torch.func.vmap` over the weights."""

    drops = False

    def __init__(
        self, sessions: Sequence[Session], stack: Stack, generators: Sequence[torch.Generator]
    ) -> None:
        self._stack = stack
        self._asked = _Asked(sessions[0].model, sessions[0].turns[0])

    def losses(self, batch: Batch, shared: bool, step: int) -> Losses:
        self._asked.step = step

        def one(weights: dict[str, Tensor], inputs: Tensor, targets: Tensor) -> Any:
            return torch.func.functional_call(self._asked, weights, (inputs, targets))

        together = self._stack.parameters | self._stack.buffers
        weights = {f"model.{name}": tensor for name, tensor in together.items()}
        over = (0, None, None) if shared else (0, 0, 0)
        losses, parts = torch.func.vmap(one, in_dims=over, randomness="error")(weights, *batch)
        return losses, parts


class _Asked(nn.Module):
    """The task's loss as a module, so that whatever it reads of its model is the member's."""

    def __init__(self, model: nn.Module, turn: Turn) -> None:
        super().__init__()
        self.model = model
        self.step = 0
        self._turn = turn

    def forward(self, inputs: Tensor, targets: Tensor) -> Losses:
        return self._turn.loss(self.model, (inputs, targets), self.step)
