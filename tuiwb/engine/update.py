"""One optimiser update, from a batch to moved weights: forward, loss, backward, probes, clip,
optimiser.

``train.accumulate`` reads a batch in so many parts, one after the other, whose gradients are added
up: the same samples in the same order, and the activations of one part at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from tuiwb.engine.build import Session
from tuiwb.engine.clip import clip
from tuiwb.probes.watcher import Watcher
from tuiwb.tasks.task import Batch, Turn

Lost = tuple[Tensor, dict[str, Tensor]]
"""A loss, and further parts of it that are worth a curve of their own."""


class Update:
    """Makes the updates of ``session``, each watched as ``watch`` has it."""

    def __init__(self, session: Session, watch: Watcher) -> None:
        self.session = session
        self.watch = watch

    def __call__(
        self,
        turn: Turn,
        optimizer: torch.optim.Optimizer,
        batch: Batch,
        lr: float,
        watched: bool,
    ) -> tuple[Tensor, Tensor | None, dict[str, Tensor]]:
        """Loss, gradient norms where they were taken, parts of the loss."""
        session, watch = self.session, self.watch
        spec = session.spec
        for group in optimizer.param_groups:
            group["lr"] = lr * turn.lr

        loss, parts = self.gradients(turn, batch, watched and watch.sampling)
        sampling = watched and watch.sampling  # of another process it is known by now
        if len(session.turns) > 1:
            # what flowed through another turn's network on the way is not its gradient
            mine = set(turn.parameters)
            forget(p for p in session.model.parameters() if p not in mine)
        if sampling:
            watch.after_backward()
        norms, clip_norm = None, spec.train.clip_norm
        if clip_norm or (watched and watch.norming):
            gradients = [p.grad for p in turn.parameters if p.grad is not None]
            norms = watch.norms(gradients, wanted_anyway=bool(clip_norm)) if gradients else None
            if norms is not None and clip_norm:
                clip(gradients, norms, clip_norm)

        session.regularizer.add_gradients()
        session.regularizer.decay(lr * turn.lr)
        if spec.optim.needs_closure:

            def closure() -> float:
                forget(turn.parameters)
                again, _ = self.gradients(turn, batch)
                session.regularizer.add_gradients()
                return float(again.detach()) + session.regularizer.penalty()

            optimizer.step(closure)
        else:
            move(optimizer)
        if sampling:
            watch.after_update(session.step)
        forget(turn.parameters)
        return loss, norms, parts

    def gradients(self, turn: Turn, batch: Batch, sampling: bool = False) -> Lost:
        """The loss over the whole batch; its gradients lie on the parameters. With ``sampling`` the
        layers are looked at, in the last part of a batch that is read in parts."""
        count = self.session.spec.train.accumulate
        if count > 1:
            return self.in_parts(turn, split(batch, count), sampling, len(batch[0]))
        if sampling:
            self.watch.before_forward()
        loss, parts = self.forward(turn, batch)
        loss.backward()
        return loss, parts

    def in_parts(self, turn: Turn, pieces: Sequence[Batch], sampling: bool, rows: int) -> Lost:
        """As `gradients`, over ``pieces`` of a batch of ``rows``: each counts by its own."""
        losses: list[Tensor] = []
        told: dict[str, Tensor] = {}
        for piece in pieces:
            last = piece is pieces[-1]
            if sampling and last:
                self.watch.before_forward()
            share = len(piece[0]) / rows
            with self.part(last):
                loss, parts = self.forward(turn, piece)
                (loss * share).backward()
            losses.append(loss.detach() * share)
            for name, value in parts.items():
                told[name] = told[name] + value * share if name in told else value * share
        return torch.stack(losses).sum(), told

    def part(self, last: bool) -> AbstractContextManager[object]:
        """Around the passes of a part."""
        return nullcontext()

    def forward(self, turn: Turn, batch: Batch) -> Lost:
        """The loss of one batch, in the precision of the forward pass."""
        session = self.session
        if session.device.autocast_to is None:
            return turn.loss(session.model, batch, session.step)
        with session.device.autocast():
            return turn.loss(session.model, batch, session.step)


def forget(parameters: Iterable[Tensor]) -> None:
    """Drop the gradients. An optimiser's ``zero_grad`` does the same and opens a profiler's scope
    for it, which takes a twentieth of a small net's step."""
    for parameter in parameters:
        parameter.grad = None


def move(optimizer: torch.optim.Optimizer) -> None:
    """``optimizer.step()``, where it has no hooks as its class wrote it: what torch wraps around
    that opens a profiler's scope, which takes as long as a third of the update of a small net."""
    step = type(optimizer).step
    bare = getattr(step, "__wrapped__", None)
    if bare is None or optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks:
        optimizer.step()
    else:
        bare(optimizer)


def split(batch: Batch, count: int) -> list[Batch]:
    """``batch`` in ``count`` parts, in order, of as many rows each as that allows."""
    inputs, targets = (tensor.tensor_split(count) for tensor in batch)
    return list(zip(inputs, targets, strict=True))
