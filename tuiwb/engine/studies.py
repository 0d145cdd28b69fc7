"""Studies of the whole model, as ``probe.studies`` asks for them, at an evaluation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tuiwb.engine.build import Session
from tuiwb.probes.subject import Subject
from tuiwb.spec.declarations import STUDIES


def subject_of(session: Session) -> Subject:
    """The session's model, and its loss on the first batch of training."""
    batch = session.batches.at(0)
    device = session.device.device
    cards = [device] if session.device.is_cuda else []

    def loss(model: nn.Module) -> Tensor:
        like = next(p for p in model.parameters())
        inputs, targets = (_like(part, like) for part in batch)
        with torch.random.fork_rng(cards):
            torch.manual_seed(session.spec.train.seed)
            total: Tensor = session.task.loss(model, (inputs, targets))[0]
        return total

    return Subject(session.model, loss, session.optimizers[0].param_groups[0]["lr"])


def _like(part: Tensor, weight: Tensor) -> Tensor:
    return part.to(weight.device, weight.dtype if part.is_floating_point() else part.dtype)


def study(session: Session) -> dict[str, float]:
    """The figures of every study that the spec names; none cost nothing."""
    names = session.spec.probe.studies
    if not names:
        return {}
    subject = subject_of(session)
    figures: dict[str, float] = {}
    for name in names:
        figures |= STUDIES.load(name).study(subject)
    return figures
