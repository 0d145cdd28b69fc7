"""From a spec to the objects that train: data, model, loss, task, optimiser, batches."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import nn

from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.data.aside import with_test
from tuiwb.data.augment import augment_of
from tuiwb.data.batches import Batches
from tuiwb.data.dataset import Dataset
from tuiwb.data.files import stamp
from tuiwb.engine.device import Device, choose, set_threads
from tuiwb.engine.pages import keep_memory
from tuiwb.engine.ranks import ALONE, Ranks
from tuiwb.engine.shapes import trace
from tuiwb.models import own
from tuiwb.optim.regularizers import Regularizer
from tuiwb.probes.layers import Layer, layers_of
from tuiwb.spec.declarations import SHELVES
from tuiwb.spec.own import is_own
from tuiwb.spec.sections import DataKnobs, Spec
from tuiwb.tasks.task import Turn, turns_of

FUSED_IN_PARTS = ("adam", "adamw")
"""Optimisers whose fused update torch has for weights in parts as well."""


@dataclass
class Session:
    """Everything one training run works with. ``step`` counts the updates done."""

    spec: Spec
    device: Device
    dataset: Dataset
    model: nn.Module
    task: Any
    turns: tuple[Turn, ...]
    optimizers: tuple[torch.optim.Optimizer, ...]
    """One a turn, in the order of ``turns``."""
    regularizer: Regularizer
    batches: Batches
    loss: Any
    """What the task minimises by, one callable; it keeps its hot knobs as attributes."""
    layers: tuple[Layer, ...]
    threads: int
    step: int = 0
    ranks: Ranks = ALONE
    """Who makes the steps: this process, or several of which it is one."""


def build(spec: Spec, ranks: Ranks = ALONE) -> Session:
    """Load the data, build the model from its seed and put both on the device.

    A spec that cannot be built is a `UserError` that names the knob.
    """
    device = choose(spec.train, ranks.local)
    dataset = load_data(spec)
    torch.manual_seed(spec.train.seed)
    model = build_model(spec, dataset.signature)
    generator = torch.Generator().manual_seed(spec.train.seed)
    SHELVES["init"].load(spec.init.name).initialise(model, spec.init, generator)
    see = None if is_own(spec.model.name) else getattr(model, "see", None)
    if see is not None:
        see(dataset.train.inputs)  # what training inputs decide before the first step
    weights = sum(p.numel() for p in model.parameters())
    threads = set_threads(spec.train, weights, ranks.neighbours)
    if device.device.type == "cpu":
        keep_memory()

    # weights are drawn on the CPU and moved, so that every device begins from the same bits
    model.to(device.device)
    trace(model, dataset.signature, spec.model.name)  # shapes that cannot work end here, in words
    dataset = dataset.to(device.device)
    loss = SHELVES["loss"].load(spec.loss.name).build(spec.loss)
    single = getattr(spec.loss, "single", False)
    task = SHELVES["task"].load(spec.task.name).build(spec.task, loss, dataset, single)
    optimizer = SHELVES["optim"].load(spec.optim.name)
    batches = Batches(dataset.train, spec.data.batch_size, spec.train.seed, context=dataset.context)
    batches.augment = augment_of(spec.data, spec.train.seed)
    if spec.train.accumulate > batches.batch_size:  # which few data make smaller than the spec's
        raise UserError(
            "a batch cannot be read in more parts than it has samples",
            where="train.accumulate",
            found=f"train.accumulate = {spec.train.accumulate}, {len(dataset.train)} samples",
            allowed=f"1 to {batches.batch_size} parts",
        )
    session = Session(
        spec=spec,
        device=device,
        dataset=dataset,
        model=model,
        task=task,
        turns=turns_of(task, model),
        optimizers=(),
        regularizer=Regularizer(model),
        batches=batches,
        loss=loss,
        layers=layers_of(model),
        threads=threads,
        ranks=ranks,
    )
    ranks.spread(session)
    fused = device.device.type in ("cpu", "cuda")
    if ranks.sharded:
        fused = fused and spec.optim.name in FUSED_IN_PARTS
    session.regularizer = Regularizer(
        model, spec.regularize.l1, spec.regularize.l2, spec.regularize.weight_decay
    )
    session.optimizers = tuple(
        optimizer.build([{"params": list(turn.parameters)}], spec.optim, fused=fused)
        for turn in session.turns
    )
    return session


def load_data(spec: Spec) -> Dataset:
    """The data source's samples, on the CPU. Targets that the task cannot read: `UserError`."""
    dataset = _load_data(spec.data, stamp(spec.data))
    wanted = {"classes": True, "numbers": False}.get(spec.task.targets)
    if wanted is not None and dataset.train.targets is not None and wanted != bool(dataset.classes):
        held = f"{len(dataset.classes)} classes" if dataset.classes else "numbers"
        raise UserError(
            f"the task {spec.task.name!r} does not fit the targets of this data",
            where="task.name",
            found=f"the targets are {held}",
            allowed="task.name = classify for classes, regress for numbers",
            next="data.answers says what a CSV file's target holds"
            if hasattr(spec.data, "answers")
            else "",
        )
    return dataset


# the standby describes a spec and then trains it: its data is loaded once
@lru_cache(maxsize=1)
def _load_data(knobs: DataKnobs, stamp: tuple[object, ...]) -> Dataset:
    dataset = with_test(SHELVES["data"].load(knobs.name).load, knobs)
    assert isinstance(dataset, Dataset)
    return dataset


def build_model(spec: Spec, signature: Signature) -> nn.Module:
    """The architecture for samples of ``signature``, with the output width the loss needs."""
    if getattr(spec.loss, "single", False) and spec.task.name == "classify":
        if signature.outputs != 2:
            raise UserError(
                f"the loss {spec.loss.name!r} tells two classes apart",
                where="loss.name",
                found=f"{signature.outputs} classes in {spec.data.name}",
                allowed="2 classes, or loss.name = cross-entropy",
            )
        signature = dataclasses.replace(signature, outputs=1)
    if is_own(spec.model.name):
        return _own_model(spec, signature)
    model = (
        SHELVES["model"].load(spec.model.name).build(spec.model, signature, spec.regularize.dropout)
    )
    assert isinstance(model, nn.Module)
    return model


def _own_model(spec: Spec, signature: Signature) -> nn.Module:
    """The user's own class, tried out: nothing is known of it before."""
    model = own.build(spec.model, signature)
    own.try_out(spec.model.name, model, signature)
    return model
