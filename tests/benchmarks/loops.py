"""The loops that are timed: a person's own, plain and fused, and the workbench's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from tuiwb.engine.build import Session, build
from tuiwb.engine.interfaces import StepRow
from tuiwb.engine.loop import Loop
from tuiwb.engine.rolling import Checkpoints
from tuiwb.optim.schedule import learning_rate
from tuiwb.probes.budget import Average, Budget
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.spec import resolve
from tuiwb.worker.controls import Inbox
from tuiwb.worker.sink import RunSink


class Recording(RunSink):
    """The worker's own sink, which also keeps the losses and counts the samples."""

    def __init__(self, paths: RunPaths, journal: Journal) -> None:
        super().__init__(paths, journal)
        self.losses: list[float] = []
        self.sampled = 0

    def steps(self, rows: Sequence[StepRow]) -> None:
        super().steps(rows)
        self.losses.extend(row.loss for row in rows)

    def layers(self, *given: object) -> None:
        super().layers(*given)  # type: ignore[arg-type]
        self.sampled += 1


class Every(Budget):
    """Samples every so many steps, whatever that costs."""

    def __init__(self, every: int) -> None:
        super().__init__(1.0, Average())
        self.every = every

    def due(self, step: int) -> bool:
        return step % self.every == 0

    def sampled(self, step: int, cost: float) -> None:
        """The cadence stays what it is."""


class Ours:
    """One step of the workbench's loop a call, as the worker runs it."""

    def __init__(
        self, preset: str, budget: float, folder: Path, steps: int, every: int = 0
    ) -> None:
        paths = RunPaths(folder)
        for sub in (paths.tables, paths.inbox, paths.checkpoints):
            sub.mkdir(parents=True)
        journal = Journal(paths.journal)
        self.sink = Recording(paths, journal)
        self.steps = steps
        session = prepared(preset, budget, steps)
        self.loop = Loop(session, self.sink, Inbox(paths, journal), Checkpoints(paths.checkpoints))
        self.every = every
        if every:
            self.loop.watch._samples = self.loop.watch._norms = Every(every)

    def __call__(self) -> None:
        if self.every:
            self.loop.watch._histogram_at = 0  # with each sample, as the others take them
        self.loop.desk.attend()
        self.loop.step()
        if self.loop.session.step == self.steps:
            self.loop.drain(flush=True)


class Hand:
    """One step as a person would write it by hand, with the loss read once a step."""

    def __init__(
        self,
        session: Session,
        fused: bool = True,
        log: Callable[[int, float, float], None] | None = None,
    ) -> None:
        self.session, self.log = session, log
        self.losses: list[float] = []
        self.step = 0
        self._parameters = list(session.model.parameters())
        self._decayed = [p for p in self._parameters if p.ndim >= 2]
        if not fused:
            for group in session.optimizers[0].param_groups:
                group["fused"] = False

    def __call__(self) -> None:
        session, spec, optimizer = self.session, self.session.spec, self.session.optimizers[0]
        x, y = session.batches.at(self.step)
        lr = learning_rate(self.step, spec.train.steps, spec.schedule, spec.optim.lr)
        for group in optimizer.param_groups:
            group["lr"] = lr
        loss, _ = session.task.loss(session.model, (x, y))
        loss.backward()
        if spec.train.clip_norm:
            torch.nn.utils.clip_grad_norm_(self._parameters, spec.train.clip_norm)
        if spec.regularize.weight_decay:
            with torch.no_grad():
                torch._foreach_mul_(self._decayed, 1 - lr * spec.regularize.weight_decay)
        optimizer.step()
        value = loss.item()
        if self.log is not None:
            self.log(self.step, value, lr)
        optimizer.zero_grad(set_to_none=True)
        self.losses.append(value)
        self.step += 1


def prepared(named: str, budget: float, steps: int) -> Session:
    """Model, data and optimiser of a preset, in training mode. What is ``named`` is a preset, or
    one with settings: ``gpt-char:data.batch_size=4``."""
    preset, *settings = named.split(":")
    settings += [f"probe.budget={budget}", f"train.steps={max(steps, 1000)}"]
    spec = resolve(preset, settings).spec
    session = build(spec)
    session.model.train()
    return session
