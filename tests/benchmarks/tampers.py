"""What is planted in a run that was built in health: bugs as people write them."""

from __future__ import annotations

import mmap
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from tuiwb.base.clock import FrozenClock
from tuiwb.data.batches import Batches
from tuiwb.data.dataset import Part
from tuiwb.engine.build import Session
from tuiwb.run import schema
from tuiwb.run.layout import RunPaths
from tuiwb.run.table import TableWriter
from tuiwb.worker.heartbeat import Heartbeat
from tuiwb.worker.sink import RunSink
from tuiwb.worker.stalled import StallWatch

Tamper = Callable[[Session], None]
Batch = tuple[Tensor, Tensor]
PAGE = 1 << 20


# the loss


def reported_upside_down(session: Session) -> None:
    """The loss is multiplied by -1."""
    _loss(session, lambda loss, step: -loss)


def ascent(session: Session) -> None:
    """The optimizer climbs: the loss that is shown is right."""
    for optimizer in session.optimizers:
        for group in optimizer.param_groups:
            group["maximize"] = True


def overflow(at: int) -> Tamper:
    """From one step on the loss is infinite, as half precision makes it."""

    def tamper(session: Session) -> None:
        _loss(session, lambda loss, step: loss * torch.inf if step >= at else loss)

    return tamper


def gradients_pile_up(session: Session) -> None:
    """Gradients are never dropped: each is added to all those before it."""
    piles: dict[Tensor, Tensor] = {}

    def pile(parameter: Tensor) -> None:
        if parameter.grad is not None:
            if parameter in piles:
                parameter.grad.add_(piles[parameter])
            piles[parameter] = parameter.grad.detach().clone()

    for parameter in session.model.parameters():
        parameter.register_post_accumulate_grad_hook(pile)


def _loss(session: Session, change: Callable[[Tensor, int], Tensor]) -> None:
    def changed(turn: Any) -> Any:
        def loss(model: nn.Module, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
            value, parts = turn.loss(model, batch, step)
            return change(value, step), parts

        return replace(turn, loss=loss)

    session.turns = tuple(changed(turn) for turn in session.turns)


# the network


def softmax_at_the_end(session: Session) -> None:
    """Probabilities where the loss expects logits."""
    session.model.register_forward_hook(lambda module, inputs, output: output.softmax(-1))


def optimizer_lacks(layer: int) -> Tamper:
    """The optimizer was not given the parameters of one layer, counted among those with any."""

    def tamper(session: Session) -> None:
        lost = {id(p) for p in _owning(session)[layer].parameters(recurse=False)}
        for optimizer in session.optimizers:
            for group in optimizer.param_groups:
                group["params"] = [p for p in group["params"] if id(p) not in lost]

    return tamper


def detached(layer: int) -> Tamper:
    """The output of one layer is cut from the graph."""

    def tamper(session: Session) -> None:
        _owning(session)[layer].register_forward_hook(lambda module, x, output: output.detach())

    return tamper


def biases(value: float) -> Tamper:
    """All hidden biases begin at ``value``."""

    def tamper(session: Session) -> None:
        with torch.no_grad():
            for module in _owning(session)[:-1]:
                if isinstance(module.bias, Tensor) and "Norm" not in type(module).__name__:
                    module.bias.fill_(value)

    return tamper


def batch_norm_momentum(value: float) -> Tamper:
    """Running statistics follow at ``value`` of the difference each step."""

    def tamper(session: Session) -> None:
        for module in session.model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.momentum = value

    return tamper


def _owning(session: Session) -> list[nn.Module]:
    return [layer.module for layer in session.layers if layer.parameters]


# the data


def shuffled_labels(session: Session) -> None:
    """Training targets that have nothing to do with their inputs."""
    inputs, targets = _train(session)
    order = torch.randperm(len(targets), generator=_random())
    _retrain(session, inputs, targets[order])


def wrong_labels(share: float) -> Tamper:
    """Some training targets are another sample's."""

    def tamper(session: Session) -> None:
        inputs, targets = _train(session)
        wrong = torch.randperm(len(targets), generator=_random())[: int(share * len(targets))]
        targets = targets.clone()
        targets[wrong] = targets[wrong.roll(1)]
        _retrain(session, inputs, targets)

    return tamper


def noisy_batches(share: float) -> Tamper:
    """In every batch, some targets are drawn anew: nobody can learn these by heart."""

    def change(x: Tensor, y: Tensor, step: int) -> Batch:
        random = torch.Generator().manual_seed(step)
        wrong = torch.rand(len(y), generator=random) < share
        return x, torch.where(wrong, y[torch.randperm(len(y), generator=random)], y)

    return _batches(change)


def overlap(share: float) -> Tamper:
    """Classes that cannot be told apart better: the same noise in both parts."""

    def tamper(session: Session) -> None:
        held = session.dataset.val.targets
        assert held is not None
        wrong = torch.rand(len(held), generator=_random()) < share
        held = torch.where(wrong, held[torch.randperm(len(held), generator=_random())], held)
        val = Part(session.dataset.val.inputs, held)
        session.dataset = replace(session.dataset, val=val)
        noisy_batches(share)(session)

    return tamper


def sorted_samples(session: Session) -> None:
    """Samples come class by class: all of a batch are of one."""
    take = session.batches.at

    def at(step: int) -> Batch:
        inputs, targets = _train(session)
        rows = torch.nonzero(targets == step % 10).flatten()
        return inputs[rows[: session.batches.batch_size]], targets[rows][: len(take(step)[1])]

    setattr(session.batches, "at", at)  # noqa: B010


def scaled_inputs(factor: float) -> Tamper:
    """Inputs in other units, such as pixels of 0 to 255."""

    def tamper(session: Session) -> None:
        data = session.dataset
        inputs, targets = _train(session)
        held = Part(data.val.inputs * factor, data.val.targets)
        session.dataset = replace(data, val=held)
        _retrain(session, inputs * factor, targets)

    return tamper


def not_a_number(sample: int) -> Tamper:
    """One training sample holds a NaN."""

    def tamper(session: Session) -> None:
        inputs, targets = _train(session)
        inputs = inputs.clone()
        inputs[sample].view(-1)[0] = torch.nan
        _retrain(session, inputs, targets)

    return tamper


def rare(kept: float) -> Tamper:
    """Of the later half of the classes only a share is left in training."""

    def tamper(session: Session) -> None:
        inputs, targets = _train(session)
        common = targets < (int(targets.max()) + 1) // 2
        luck = torch.rand(len(targets), generator=_random()) < kept
        rows = torch.nonzero(common | luck).flatten()
        _retrain(session, inputs[rows], targets[rows])

    return tamper


def poisoned(first: int, last: int, factor: float = 8.0) -> Tamper:
    """A stretch of batches of garbage: large inputs, or tokens, with targets of other samples."""

    def change(x: Tensor, y: Tensor, step: int) -> Batch:
        if not first <= step <= last:
            return x, y
        random = torch.Generator().manual_seed(step)
        if not x.is_floating_point():
            return torch.randint(int(x.max()) + 1, x.shape, generator=random), y.flip(-1)
        return x * factor, y[torch.randperm(len(y), generator=random)]

    return _batches(change)


def one_class_held_out(session: Session) -> None:
    """The held-out part is what a split of sorted samples leaves: one class, seen in training."""
    inputs, targets = _train(session)
    rows = torch.nonzero(targets == 0).flatten()
    session.dataset = replace(session.dataset, val=Part(inputs[rows], targets[rows]))


def answers_held_out(session: Session) -> None:
    """The held-out part was made of what the training part is, without its noise."""
    inputs, targets = _train(session)
    val = Part(inputs[:300].clone(), targets[:300].clone())
    session.dataset = replace(session.dataset, val=val)
    noise = torch.randn(inputs.shape, generator=_random())
    _retrain(session, inputs + 1.5 * noise, targets)


def slow_batches(seconds: float) -> Tamper:
    """Every batch takes its time."""

    def change(x: Tensor, y: Tensor, step: int) -> Batch:
        time.sleep(seconds)
        return x, y

    return _batches(change)


def _batches(change: Callable[[Tensor, Tensor, int], Batch]) -> Tamper:
    def tamper(session: Session) -> None:
        take = session.batches.at

        def at(step: int) -> Batch:
            return change(*take(step), step)

        setattr(session.batches, "at", at)  # noqa: B010

    return tamper


def _train(session: Session) -> tuple[Tensor, Tensor]:
    inputs, targets = session.dataset.train.inputs, session.dataset.train.targets
    assert targets is not None
    return inputs, targets


def _retrain(session: Session, inputs: Tensor, targets: Tensor) -> None:
    """Train on these samples; those of the data set itself stay as they are, others share them."""
    train = Part(inputs, targets)
    session.dataset = replace(session.dataset, train=train)
    spec = session.spec
    session.batches = Batches(train, spec.data.batch_size, spec.train.seed)


def _random() -> torch.Generator:
    return torch.Generator().manual_seed(7)


# the machine


def keeps_memory(session: Session, sink: RunSink, paths: RunPaths) -> None:
    """Every step keeps a megabyte for good; each counts as a second for the table of the system."""
    heart = Heartbeat(paths, sink)
    table = TableWriter(paths.tables, schema.SYSTEM, schema.dtype_system())
    kept: list[mmap.mmap] = []

    def change(x: Tensor, y: Tensor, step: int) -> Batch:
        page = mmap.mmap(-1, PAGE)
        page.write(b"x" * PAGE)
        kept.append(page)
        heart.beat(table)
        return x, y

    _batches(change)(session)


def hangs(at: int, seconds: float) -> Callable[[Session, RunSink, RunPaths], None]:
    """A batch that takes minutes, on a clock of its own."""

    def beside(session: Session, sink: RunSink, paths: RunPaths) -> None:
        clock = FrozenClock(time.time())
        watch = StallWatch(sink.rounds, sink.event, threading.get_ident(), clock)

        def change(x: Tensor, y: Tensor, step: int) -> Batch:
            watch.look(step)
            for _ in range(int(seconds) if step == at else 0):
                clock.advance(1.0)
                watch.look(step)
            return x, y

        _batches(change)(session)

    return beside
