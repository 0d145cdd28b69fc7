"""Studies of the whole model: as ``probe.studies`` asks for them at an evaluation, or on a key."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from tuiwb.base.errors import UserError
from tuiwb.engine.build import Session
from tuiwb.optim.regularizers import Regularizer
from tuiwb.probes.subject import Subject
from tuiwb.spec.declarations import SHELVES, STUDIES


def subject_of(session: Session, batch: int = 0) -> Subject:
    """The session's model, and its loss on a batch of training: the first one, unless said."""
    device = session.device.device
    cards = [device] if session.device.is_cuda else []

    def on_batch(model: nn.Module, number: int) -> Tensor:
        like = next(p for p in model.parameters())
        inputs, targets = (_like(part, like) for part in session.batches.at(batch + number))
        with torch.random.fork_rng(cards):
            torch.manual_seed(session.spec.train.seed + number)
            total: Tensor = session.task.loss(model, (inputs, targets))[0]
        return total

    def loss(model: nn.Module) -> Tensor:
        return on_batch(model, 0)

    def step(model: nn.Module) -> None:
        _step(session, model, loss)

    lr = session.optimizers[0].param_groups[0]["lr"]
    samples = session.batches.samples_per_step
    return Subject(session.model, loss, lr, on_batch, samples, step)


def _step(session: Session, model: nn.Module, loss: Callable[[nn.Module], Tensor]) -> None:
    """One update of a copy, by a copy of the optimiser's state; see `Loop.update`."""
    spec, theirs = session.spec, session.optimizers[0]
    weights = [p for p in model.parameters() if p.requires_grad]
    fused = next(iter(weights)).device.type in ("cpu", "cuda")
    optimizer = (
        SHELVES["optim"].load(spec.optim.name).build([{"params": weights}], spec.optim, fused=fused)
    )
    optimizer.load_state_dict(copy.deepcopy(theirs.state_dict()))
    lr = theirs.param_groups[0]["lr"]
    penalties = Regularizer(
        model, spec.regularize.l1, spec.regularize.l2, spec.regularize.weight_decay
    )

    def closure() -> float:
        optimizer.zero_grad(set_to_none=True)
        value = loss(model)
        value.backward()
        if spec.train.clip_norm:
            nn.utils.clip_grad_norm_(weights, spec.train.clip_norm)
        penalties.add_gradients()
        return float(value.detach())

    closure()
    penalties.decay(lr)
    if spec.optim.needs_closure:
        optimizer.step(closure)
    else:
        optimizer.step()
    optimizer.zero_grad(set_to_none=True)


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


def study_now(session: Session, name: str) -> dict[str, float]:
    """The figures of one study, on the batch of the coming step.

    An unknown name, and a task that follows no one loss, are a `UserError`.
    """
    module = STUDIES.load(name)
    task = session.spec.task
    if session.ranks.sharded:
        raise UserError(
            "a study copies the model, which is sharded: no process has all of it",
            where="train.shard",
            found=f"{session.ranks.world} processes, a part of every weight in each",
            next="fork the run with train.shard = off, or in one process",
        )
    if not task.one_loss:
        raise UserError(
            f"the task {task.name!r} follows no gradient of one loss that could be studied",
            where="task.name",
            found=task.name,
        )
    figures: dict[str, float] = module.study(subject_of(session, session.step))
    return figures
