"""Hot knobs: a changed spec put into what is already built and running.

`session.spec` is read anew at every step, so a knob that the loop itself reads needs nothing here.
Each part that keeps a copy of a knob is told. A new hot knob without effect fails a test.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from tuiwb.data.augment import augment_of
from tuiwb.engine.build import Session
from tuiwb.spec.declarations import SHELVES
from tuiwb.spec.knobs import fields
from tuiwb.spec.sections import Spec
from tuiwb.tasks.task import turns_of


def retune(session: Session, spec: Spec) -> None:
    """``session`` goes on with ``spec``, which differs from its own in hot knobs alone."""
    before, session.spec = session.spec, spec
    _optimizers(session, before)
    _loss(session, before)
    session.regularizer.l1 = spec.regularize.l1
    session.regularizer.l2 = spec.regularize.l2
    session.regularizer.weight_decay = spec.regularize.weight_decay
    if spec.regularize.dropout != before.regularize.dropout:
        for module in session.model.modules():
            if isinstance(module, nn.Dropout):
                module.p = spec.regularize.dropout
    session.batches.augment = augment_of(spec.data, spec.train.seed)
    if spec.task != before.task:
        session.task.retune(spec.task)
        session.turns = turns_of(session.task, session.model)


def _optimizers(session: Session, before: Spec) -> None:
    """The groups' settings that differ; the learning rate is put in at every step anyway."""
    component = SHELVES["optim"].load(session.spec.optim.name)
    old: dict[str, Any] = component.options(before.optim)
    new: dict[str, Any] = component.options(session.spec.optim)
    changes = {key: value for key, value in new.items() if value != old[key]}
    for optimizer in session.optimizers:
        for group in optimizer.param_groups:
            group.update(changes)
        if changes.get("momentum") == 0:
            without_velocity(optimizer)


def without_velocity(optimizer: torch.optim.Optimizer) -> None:
    """Momentum is off: velocity that was kept would come back with it, from another time."""
    for state in optimizer.state.values():
        state.pop("momentum_buffer", None)


def _loss(session: Session, before: Spec) -> None:
    """A loss keeps each hot knob as an attribute of that name."""
    for info in fields(type(session.spec.loss)):
        value = getattr(session.spec.loss, info.name)
        if info.tier == "hot" and value != getattr(before.loss, info.name):
            setattr(session.loss, info.name, value)
