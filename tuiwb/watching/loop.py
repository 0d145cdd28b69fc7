"""A user's loop as seen from beside it: hooks on optimiser and model, rows to a run directory."""

from __future__ import annotations

import math
import os
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from tuiwb.base.errors import WorkerFailed
from tuiwb.base.text import slug
from tuiwb.doctor.facts import facts
from tuiwb.engine.interfaces import StepRow, Stopped
from tuiwb.engine.readback import read_back
from tuiwb.probes.layers import Layer, layers_of
from tuiwb.probes.watcher import Watcher
from tuiwb.run.create import create_watched
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import WorkerLock
from tuiwb.watching.compiled import Eager, original
from tuiwb.watching.metrics import Metrics, number_of
from tuiwb.worker.controls import Inbox
from tuiwb.worker.heartbeat import Heartbeat
from tuiwb.worker.sink import RunSink

DRAIN_EVERY = 0.02
"""Seconds for which figures may wait to be written."""
MICRO_BATCHES = 1000
"""Calls of `step` without an optimiser's step that are taken for one accumulated batch."""


class Note(NamedTuple):
    """What the host knew when a step's figures set out from the device."""

    step: int
    time: float
    lr: float
    samples_per_s: float
    wait_s: float
    names: tuple[str, ...]
    """Of the figures that come back from the device; what follows them are gradient norms."""
    known: dict[str, float]
    """Figures that were numbers already."""


class Loop:
    """Counts steps by the optimiser's own, samples by the budget, writes by a `RunSink`."""

    def __init__(
        self,
        model: nn.Module,
        optimizers: Sequence[torch.optim.Optimizer],
        runs: Path,
        name: str | None,
        hparams: dict[str, Any],
        budget: float,
        stop_on: Sequence[str],
    ) -> None:
        self.paths = RunPaths(
            create_watched(runs, slug(type(original(model)).__name__.lower(), "run"), hparams, name)
        )
        self.lock = WorkerLock(self.paths.lock)
        self.lock.acquire()
        os.register_at_fork(after_in_child=self.lock.release)
        self.journal = Journal(self.paths.journal)
        self.journal.write("state", state="starting", doing="waiting for the first step")
        self.model, self.optimizers = model, optimizers
        self.budget, self.hparams = budget, hparams
        self.sink = RunSink(self.paths, self.journal, stop_on)
        self.inbox = Inbox(self.paths, self.journal)
        self.metrics = Metrics(self.paths.tables)
        self.heartbeat = Heartbeat(self.paths, self.sink)
        self.steps = 0
        self.stop_requested = False
        self.watcher: Watcher | None = None
        self.eager: Eager | None = None
        self._best = math.inf
        self._updates = 0
        self._calls = 0
        self._losses: list[Any] = []
        self._norms: torch.Tensor | None = None
        self._ended = time.perf_counter()
        self._wait = math.nan
        self._samples = 0
        self._drain_at = 0.0
        self._handles: list[Any] = [
            model.register_forward_pre_hook(self._before_forward, with_kwargs=True)
        ]
        for optimizer in optimizers:
            self._handles.append(optimizer.register_step_pre_hook(self._before_update))
            self._handles.append(optimizer.register_step_post_hook(self._after_update))

    # -- what the model and the optimisers tell ------------------------------------------------

    def _before_forward(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        if not module.training:
            return
        if math.isnan(self._wait):
            self._wait = time.perf_counter() - self._ended
        inputs = [value for value in (*args, *kwargs.values()) if isinstance(value, torch.Tensor)]
        if inputs and inputs[0].ndim:
            self._samples += len(inputs[0])
        if self.watcher is not None and self.eager is not None:
            self.eager.keep(args, kwargs)

    def _before_update(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> Any:
        """Gradients lie on the parameters, or come to lie there when the optimiser calls a closure
        (Lightning's way, and L-BFGS's): then the closure is what is followed."""
        rest = list(args[1:])  # the first is the optimiser itself
        closure = rest[0] if rest else kwargs.get("closure")
        if not callable(closure):
            self._gradients_there(optimizer)
            return None
        there = False

        def followed() -> Any:
            nonlocal there
            result = closure()
            if not there:
                there = True
                self._gradients_there(optimizer)
            return result

        if rest:
            return (args[0], followed, *rest[1:]), kwargs
        return args, {**kwargs, "closure": followed}

    def _gradients_there(self, optimizer: torch.optim.Optimizer) -> None:
        watcher = self.watcher
        if watcher is None:
            return
        if watcher.sampling:
            if self.eager is not None:
                self.eager.look(watcher)
            watcher.after_backward()
        if watcher.norming:
            gradients = [
                p.grad for g in optimizer.param_groups for p in g["params"] if p.grad is not None
            ]
            scale = getattr(optimizer, "grad_scale", None)
            self._norms = watcher.norms(gradients, wanted_anyway=False) if gradients else None
            if self._norms is not None and isinstance(scale, torch.Tensor):
                self._norms = self._norms / scale  # a fused optimiser undoes the loss scale itself

    def _after_update(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        self._updates += 1
        if self.watcher is not None and self.watcher.sampling:
            self.watcher.after_update(self.steps)
            if len(self.optimizers) > 1 and self.eager is None:
                self.watcher.before_forward()  # the next network's turn

    # -- what the user tells -------------------------------------------------------------------

    def step(self, loss: Any, metrics: Mapping[str, Any]) -> None:
        """One call after a batch; a row for each step of the optimiser."""
        self._calls += 1
        if loss is not None:
            self._losses.append(loss.detach() if isinstance(loss, torch.Tensor) else loss)
        if self.optimizers and not self._updates and self._calls < MICRO_BATCHES:
            return  # gradients accumulate
        if self.watcher is None:
            self.begin()
        watcher = self.watcher
        assert watcher is not None
        ended = time.perf_counter()
        seconds = max(watcher.end(self.steps, ended - self._ended), 1e-9)
        self.steps += 1
        now = time.time()
        self.figures.push(*self._gather(now, seconds, metrics))
        if watcher.sample is not None:
            self.layers.push((self.steps, now), watcher.sample.figures)
            if watcher.sample.histograms is not None:
                self.histograms.push((self.steps, now), watcher.sample.histograms)
        if now >= self._drain_at:
            self.drain()
            self._drain_at = now + DRAIN_EVERY
            self.obey()
        self._losses, self._calls, self._updates, self._norms = [], 0, 0, None
        self._wait, self._samples = math.nan, 0
        watcher.start(self.steps)
        if watcher.sampling and self.eager is None:
            watcher.before_forward()
        self._ended = time.perf_counter()

    def _gather(
        self, now: float, seconds: float, metrics: Mapping[str, Any]
    ) -> tuple[Note, torch.Tensor]:
        """A step's figures: those on the device as one vector, and those that are known."""
        known: dict[str, float] = {}
        device: dict[str, torch.Tensor] = {}
        for name, value in {**metrics, "loss": self._loss()}.items():
            if isinstance(value, torch.Tensor) and value.numel() == 1 and not value.is_complex():
                device[name] = value.detach().reshape(()).float().to(self.device)
            else:
                known[name] = number_of(value, name)
        lr = self.optimizers[0].param_groups[0]["lr"] if self.optimizers else math.nan
        note = Note(
            self.steps, now, float(lr), self._samples / seconds if self._samples else math.nan,
            0.0 if math.isnan(self._wait) else self._wait, tuple(device), known,
        )  # fmt: skip
        vector = (
            torch.stack(list(device.values())) if device else torch.empty(0, device=self.device)
        )
        if self._norms is not None:
            vector = torch.cat((vector, self._norms.float().to(self.device)))
        return note, vector

    def _loss(self) -> Any:
        if not self._losses:
            return math.nan
        total = self._losses[0]
        for more in self._losses[1:]:
            total = total + more
        return total / len(self._losses)

    def evaluate(self, metrics: Mapping[str, Any]) -> None:
        """One row of the evaluations."""
        if self.watcher is None:
            self.begin()
        self.drain(flush=True)
        found = {
            name if name.startswith("val_") else f"val_{name}": number_of(value, name)
            for name, value in metrics.items()
        }
        loss = found.get("val_loss", math.inf)
        best, self._best = loss < self._best, min(loss, self._best)
        self.sink.evaluation(self.steps, time.time(), found, best, math.nan)

    # -- the run's life ------------------------------------------------------------------------

    def begin(self) -> None:
        """After the first step, when also lazily built layers are there: say what is trained."""
        plain = original(self.model)
        layers = layers_of(plain)
        self.eager = Eager(plain, self.model) if plain is not self.model else None
        parameters = list(self.model.parameters())
        self.device = parameters[0].device if parameters else torch.device("cpu")
        self.figures = read_back(self.device)
        self.layers = read_back(self.device)
        self.histograms = read_back(self.device)
        self.introduce(layers, parameters)
        share = self.budget if parameters and layers else 0.0
        self.watcher = Watcher(layers, share)
        self.sink.begin((), self.watcher.columns, len(layers))
        self.heartbeat.start()

    def introduce(self, layers: Sequence[Layer], parameters: Sequence[nn.Parameter]) -> None:
        """Journal model and device, and give the doctor its facts."""
        event: dict[str, Any] = {
            "layers": [
                {
                    "name": layer.name,
                    "kind": layer.kind,
                    "parameters": layer.parameters,
                    "trainable": any(p.requires_grad for p in layer.module.parameters()),
                }
                for layer in layers
            ],
            "parameters": sum(p.numel() for p in parameters),
        }
        self.journal.write("model", **event)
        self.journal.write(
            "device", device=str(self.device), precision="as the loop chooses",
            threads=torch.get_num_threads(),
        )  # fmt: skip
        if not parameters:
            self.journal.write(
                "warning", text="the model has no parameters: only loss and metrics are recorded"
            )
        spec: dict[str, Any] = {f"hparams.{key}": value for key, value in self.hparams.items()}
        if self.optimizers:
            spec["optim.name"] = type(self.optimizers[0]).__name__.lower()
            spec["optim.lr"] = float(self.optimizers[0].param_groups[0]["lr"])
        self.sink.rounds.facts = facts(spec, event)
        self.journal.write("state", state="training")

    def obey(self) -> None:
        """What clients have asked: the loop is the user's, so that only a stop can be passed on."""
        for command in self.inbox.take():
            if command.command == "stop":
                self.stop_requested = True
                command.accept(self.steps)
            else:
                command.refuse(
                    self.steps, "the loop is the user's own: it can be asked to stop, no more"
                )

    def drain(self, flush: bool = False) -> None:
        """Write what has come back from the device."""
        arrived = list(self.figures.flush() if flush else self.figures.ready())
        rows = []
        for note, vector in arrived:
            figures = vector.reshape(-1).tolist()
            found = dict(zip(note.names, figures, strict=False)) | note.known
            rows.append(_row(note, found.pop("loss"), figures[len(note.names) :]))
            self.metrics.add(note.step, note.time, found)
        cost = self.watcher.cost if self.watcher is not None else math.nan
        for (step, now), values in self.layers.flush() if flush else self.layers.ready():
            self.sink.layers(step, now, values, cost)
        for (step, now), counts in self.histograms.flush() if flush else self.histograms.ready():
            self.sink.histograms(step, now, counts)
        if rows:
            self.sink.steps(rows)

    def close(self, error: BaseException | None) -> None:
        """The last rows, the doctor's last round, and how it ended."""
        try:
            if self.watcher is not None:
                self.drain(flush=True)
                self.sink.rounds.last(time.time())
            if error is None or isinstance(error, GeneratorExit):
                self.journal.write("state", self.steps, state="finished", reason="the loop is over")
            elif isinstance(error, KeyboardInterrupt | SystemExit | Stopped):
                reason = type(error).__name__
                self.journal.write("state", self.steps, state="stopped", reason=reason)
            else:
                self._tell(error, "the loop failed")
        finally:
            self._let_go()

    def give_up(self, error: BaseException) -> None:
        """Something of ours failed: say so where it can be said, and leave the training alone."""
        try:
            self._tell(error, "watching failed; the training went on without it")
        except Exception:
            pass  # the folder may be gone: there is nobody left to tell
        finally:
            self._let_go()

    def _tell(self, error: BaseException, what: str) -> None:
        trace = "".join(traceback.format_exception(error))
        words = WorkerFailed(f"{what}: {type(error).__name__}: {error}")
        self.journal.write("error", self.steps, **words.as_dict(), traceback=trace)
        self.journal.write("state", self.steps, state="failed", reason=words.what)

    def _let_go(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []
        if self.watcher is not None:
            self.watcher.detach()
        self.heartbeat.stop()
        self.sink.close()
        self.metrics.close()
        self.lock.release()


def _row(note: Note, loss: float, norms: Sequence[float]) -> StepRow:
    lost = not math.isfinite(loss)
    total = math.hypot(*norms) if norms else math.nan
    not_finite = 0 if math.isfinite(total) else int(np.sum(~np.isfinite(norms)))
    return StepRow(
        note.step, note.time, loss, note.lr, total, False, not_finite + lost,
        note.samples_per_s, note.wait_s,
    )  # fmt: skip
