"""What the checks work with: copies of the model, small batches, and losses that can be repeated.

Nothing here changes the session: every weight that moves is a copy's.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

import torch
from torch import Tensor, nn

from tuiwb.data.batches import evaluation
from tuiwb.engine.build import Session
from tuiwb.spec.own import is_own
from tuiwb.tasks.task import Batch, Turn

FEW = 8
"""Samples that any sound network can learn by heart."""
FEW_SEQUENCES = 4
MANY = 64
"""Samples of a batch that a check needs at most."""
FEWER = 16
SLOW = 0.5
"""Seconds of a forward pass from which its batch has fewer samples."""
LARGE = 10_000_000
"""Parameters from which on long texts are cut, so that a processor can answer in time."""
CUT = 16
"""Tokens that are left of them."""
LATE = 10**9
"""A step beyond every stage of a task that has stages."""


class Trial:
    """A session as the checks see it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.spec = session.spec
        self.device = session.device.device
        self.one_loss = session.spec.task.one_loss
        self._cards = [self.device] if session.device.is_cuda else []

    @property
    def turns(self) -> tuple[Turn, ...]:
        return self.session.turns

    @cached_property
    def many(self) -> int:
        """Samples in a batch of the checks: fewer of a network that takes long for them."""
        model = self.model()
        self.value(model, self.few)  # the first pass pays for more than itself
        began = time.monotonic()
        self.value(model, self.few)
        per_sample = (time.monotonic() - began) / len(self.few[0])
        return MANY if per_sample * MANY < SLOW else FEWER

    def batch(self, number: int = 0, most: int | None = None) -> Batch:
        """A batch of training, of at most ``most`` samples (`many`)."""
        most = self.many if most is None else most
        inputs, targets = self.session.batches.at(number)
        return self.cut((inputs[:most], targets[:most]))

    def held_out(self, most: int) -> Batch:
        """The first samples of the validation part."""
        part, context = self.session.dataset.val, self.session.dataset.context
        inputs, targets = next(evaluation(part, most, context))
        return self.cut((inputs, targets))

    def cut(self, batch: Batch) -> Batch:
        """Texts for a large network, cut to what can be read in time."""
        if not self.session.dataset.context or is_own(self.spec.model.name) or not self.large:
            return batch
        return batch[0][:, :CUT], batch[1][:, :CUT]

    @cached_property
    def large(self) -> bool:
        return sum(p.numel() for p in self.session.model.parameters()) > LARGE

    @cached_property
    def few(self) -> Batch:
        """So few samples that they can be learned by heart."""
        sequences = self.session.dataset.signature.kind == "tokens"
        return self.batch(0, FEW_SEQUENCES if sequences else FEW)

    def model(self) -> nn.Module:
        """A copy in training mode, with weights of its own and no gradients."""
        twin = copy.deepcopy(self.session.model)
        for parameter in twin.parameters():
            parameter.grad = None
        return twin.train()

    def loss(self, model: nn.Module, batch: Batch, turn: int = 0, seed: int = 0) -> Tensor:
        """Scalar loss of a copy on one batch. What is drawn on the way (dropout, noise) is the same
        for the same ``seed``, and nobody else's random state moves."""
        with self.drawing(seed):
            total: Tensor = self.turns[turn].loss(model, batch, LATE)[0]
        return total

    @contextmanager
    def drawing(self, seed: int) -> Iterator[None]:
        """Within it, random numbers come from ``seed``."""
        with torch.random.fork_rng(self._cards):
            torch.manual_seed(self.spec.train.seed + seed)
            yield

    @torch.no_grad()
    def value(self, model: nn.Module, batch: Batch, seeds: Sequence[int] = (0,)) -> float:
        """The loss as a number, a mean over some draws."""
        return sum(float(self.loss(model, batch, seed=seed)) for seed in seeds) / len(seeds)

    def answers_zero(self, batch: Batch) -> float | None:
        """The loss of an answer that is zero throughout; None where the task never asks the model
        as a whole, or its answer is no tensor."""
        model, asked = self.model(), []

        def zero(module: nn.Module, inputs: object, output: object) -> object:
            asked.append(isinstance(output, Tensor))
            return torch.zeros_like(output) if isinstance(output, Tensor) else None

        model.register_forward_hook(zero)
        loss = self.value(model, batch)
        return loss if asked and all(asked) else None


def without_dropout(model: nn.Module) -> nn.Module:
    """The same model, whose dropout layers let everything pass."""
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = 0.0
        elif isinstance(getattr(module, "dropout", None), float):
            setattr(module, "dropout", 0.0)  # noqa: B010 - recurrent and attention layers' own
    return model
