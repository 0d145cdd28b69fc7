"""A user's loop as seen from beside it: hooks on optimiser and model, rows to a run directory."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn

from tuiwb.base.clock import STEADY
from tuiwb.engine.interfaces import Stopped
from tuiwb.engine.readback import read_back
from tuiwb.engine.telling import Telling
from tuiwb.probes.layers import first_tensor, layers_of
from tuiwb.probes.watcher import Watcher
from tuiwb.watching.asked import obey
from tuiwb.watching.compiled import Eager, is_compiled, original
from tuiwb.watching.evaluations import Evaluations
from tuiwb.watching.hooks import Guard, Hook, say
from tuiwb.watching.inputs import data_of
from tuiwb.watching.metrics import figure_of, mean
from tuiwb.watching.record import Record, rate
from tuiwb.watching.rows import Note, row_of
from tuiwb.watching.turns import Turns

MICRO_BATCHES = 1000
"""Calls of `step` without an optimiser's step that are taken for one accumulated batch."""
LAYERS = 2000
"""Layers that are looked at one by one."""


class Loop:
    """Counts steps by the optimiser's own, samples by the budget, writes to a `Record`."""

    def __init__(
        self,
        model: nn.Module,
        optimizers: Sequence[torch.optim.Optimizer],
        record: Record,
        budget: float,
        guard: Guard,
    ) -> None:
        self.model, self.optimizers, self.record, self.budget = model, optimizers, record, budget
        self.steps = 0
        self.stop_reason: str | None = None
        self.watcher: Watcher | None = None
        self.eager: Eager | None = None
        self.evaluations = Evaluations(record)
        self._updates = 0
        self._calls = 0
        self._most = 0
        """Calls of `step` for one update so far."""
        self._given: dict[str, list[float | torch.Tensor]] = {}
        self._forwards = 0
        """Passes of the model since the last update."""
        self._early = False
        self._norms: list[torch.Tensor] = []
        self._scale: torch.Tensor | None = None
        self._scaled = False
        self._ended = time.perf_counter()
        self._wait = math.nan
        self._samples = 0
        self._data: dict[str, Any] = {}
        """What the first batch tells."""
        self.told_of_batches = False
        """Whether a trainer says when a batch comes, so that the model's passes need not."""
        self._telling = Telling()
        self._handles: list[Any] = []
        try:
            self._handles.append(
                model.register_forward_pre_hook(Hook(self._before_forward, guard), with_kwargs=True)
            )
            for optimizer in optimizers:
                before = Hook(partial(self._before_update, guard), guard)
                self._handles.append(optimizer.register_step_pre_hook(before))
                self._handles.append(
                    optimizer.register_step_post_hook(Hook(self._after_update, guard))
                )
        except BaseException:
            self.unhook()
            raise

    # -- what the model and the optimisers tell ------------------------------------------------

    def _before_forward(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        if not (module.training and torch.is_grad_enabled()):
            if math.isnan(self._wait):
                self._ended = time.perf_counter()  # an evaluation is no waiting for data
            return
        self._forwards += 1
        if not self.told_of_batches:
            self.batch((args, kwargs))
        if self.watcher is not None and self.eager is not None:
            self.eager.keep(args, kwargs)

    def batch(self, given: Any) -> None:
        """A batch has come: the wait for it is over."""
        if math.isnan(self._wait):
            self._wait = time.perf_counter() - self._ended
        if self.watcher is None and not self._data:
            self._data = data_of(given)
        tensor = first_tensor(given)
        if tensor is not None and tensor.ndim:
            self._samples += len(tensor)

    def _before_update(
        self, guard: Guard, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any
    ) -> Any:
        """Gradients lie on the parameters, or come to lie there when the optimiser calls a closure
        (Lightning's way, and L-BFGS's): then the closure is what is followed."""
        rest = list(args[1:])  # the first is the optimiser itself
        closure = rest[0] if rest else kwargs.get("closure")
        if not callable(closure):
            self._gradients_there(optimizer)
            return None
        followed = _followed(closure, lambda: guard(lambda: self._gradients_there(optimizer)))
        if rest:
            return (args[0], followed, *rest[1:]), kwargs
        return args, {**kwargs, "closure": followed}

    @torch.no_grad()
    def _gradients_there(self, optimizer: torch.optim.Optimizer) -> None:
        watcher = self.watcher
        if watcher is None:
            return
        scale = getattr(optimizer, "grad_scale", None)  # a fused optimiser undoes it itself
        self._scale = scale if isinstance(scale, torch.Tensor) else None
        self._scaled |= self._scale is not None
        if watcher.sampling:
            if self.eager is not None:
                self._look(watcher, self.eager)
            watcher.after_backward()
        if watcher.norming:
            gradients = [
                p.grad for g in optimizer.param_groups for p in g["params"] if p.grad is not None
            ]
            if gradients:
                norms = watcher.norms(gradients, wanted_anyway=False).float().to(self.device)
                self._norms.append(norms / self._scale if self._scale is not None else norms)

    def _look(self, watcher: Watcher, eager: Eager) -> None:
        try:
            eager.look(watcher)
        except Exception as error:  # the model's own, on a call that it did not ask for
            eager.close()
            self.eager = None
            words = f"{type(error).__name__}: {error}"
            self.record.warning(f"no activations: the model cannot be run uncompiled: {words}")

    @torch.no_grad()
    def _after_update(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        self._updates += 1
        self._forwards = 0
        watcher = self.watcher
        if watcher is not None and watcher.sampling:
            earlier = watcher.sample
            watcher.after_update(self.steps)
            if watcher.sample is not None:
                watcher.sample = self.turns.apart(optimizer, watcher.sample, earlier, self._scale)
            if len(self.optimizers) > 1 and not self.compiled:
                watcher.before_forward()  # the next network's turn

    # -- what the user tells -------------------------------------------------------------------

    def step(self, loss: Any, metrics: Mapping[str, Any]) -> None:
        """One call after a batch; a row for each step of the optimiser."""
        if self._updates and self._given and self._forwards:
            self._row_is_due()  # this call is a new batch's: `step` is called before the update
            if not self._early:
                self._early = True
                self.record.warning(
                    "call run.step() after optimizer.step(): before it, activations are not seen"
                )
        self._calls += 1
        for name, value in (("loss", loss), *metrics.items()):
            if value is not None:
                self._given.setdefault(name, []).append(figure_of(value, name))
        if self._updates or not self.optimizers or self._calls >= self._patience():
            self._row_is_due()
        else:  # gradients accumulate; a figure may be changed in place until they are complete
            for values in self._given.values():
                if isinstance(values[-1], torch.Tensor):
                    values[-1] = values[-1].clone()

    def _patience(self) -> int:
        """Calls without an update that are believed to belong to one."""
        if any(len(hooks) == 0 for hooks in _step_hooks(self.optimizers)):
            return 1  # taken off by the user: from now on each call counts
        return max(100, 10 * self._most) if self._most else MICRO_BATCHES

    def _row_is_due(self) -> None:
        if self.watcher is None:
            self.begin()
        watcher = self.watcher
        assert watcher is not None
        if self._parameter is not None and self._parameter.device != self.device:
            self._settle(self._parameter.device)
        if self._updates:
            self._most = max(self._most, self._calls)
        ended = time.perf_counter()
        seconds = max(watcher.end(self.steps, ended - self._ended), 1e-9)
        self.steps += 1
        now = STEADY.now()
        self.figures.push(*self._gather(now, seconds))
        if watcher.sample is not None:
            self.layers.push((self.steps, now), watcher.sample.figures)
            if watcher.sample.histograms is not None:
                self.histograms.push((self.steps, now), watcher.sample.histograms)
        self._given, self._calls, self._updates, self._norms = {}, 0, 0, []
        self._wait, self._samples, self._scaled = math.nan, 0, False
        if self._telling.due(self.steps, ended):
            self.drain()
            self.obey()
        watcher.start(self.steps)
        if watcher.sampling and not self.compiled:
            watcher.before_forward()
        self._ended = time.perf_counter()

    def _gather(self, now: float, seconds: float) -> tuple[Note, torch.Tensor]:
        """A step's figures: those on the device as one vector, and those that are known."""
        known: dict[str, float] = {"loss": math.nan}
        device: dict[str, torch.Tensor] = {}
        for name, values in self._given.items():
            value = mean(values)
            if isinstance(value, torch.Tensor):
                device[name] = value.to(self.device)
            else:
                known[name] = value
        note = Note(
            self.steps, now, rate(self.optimizers),
            self._samples / seconds if self._samples else math.nan,
            0.0 if math.isnan(self._wait) else self._wait, tuple(device), known, self._scaled,
        )  # fmt: skip
        parts = [torch.stack(list(device.values()))] if device else []
        parts += self._norms
        return note, torch.cat(parts) if parts else torch.empty(0, device=self.device)

    def evaluate(self, metrics: Mapping[str, Any]) -> None:
        """One row of the evaluations. What is told at one step in several calls is one."""
        if self.watcher is not None:
            self.drain(flush=True)
        with self._stoppable():
            self.evaluations.add(self.steps, metrics)
        self._ended = time.perf_counter()

    # -- the run's life ------------------------------------------------------------------------

    def begin(self) -> None:
        """After the first step, when also lazily built layers are there: say what is trained."""
        plain = original(self.model)
        every = layers_of(plain)
        layers = every[:LAYERS]
        self.compiled = is_compiled(self.model)
        parameters = [p for p in self.model.parameters() if not nn.parameter.is_lazy(p)]
        self._parameter = next(iter(parameters), None)
        device = self._parameter.device if self._parameter is not None else torch.device("cpu")
        self._settle(device)
        self.record.introduce(layers, parameters, device, self.optimizers, self._data)
        if len(every) > len(layers):
            self.record.warning(f"{len(every)} layers: the first {LAYERS} are looked at")
        share = self.budget if parameters and layers else 0.0
        if len({p.device for p in parameters}) > 1:
            share = 0.0
            self.record.warning("the model lies on several devices: its layers are not looked at")
        self.turns = Turns(layers, self.optimizers)
        watcher = Watcher(layers, share)
        self.turns.columns = watcher.columns
        if self.compiled and share:
            self.eager = Eager(plain)
        self.record.sink.begin((), watcher.columns, len(layers))
        self.record.heartbeat.start()
        self.watcher = watcher

    def _settle(self, device: torch.device) -> None:
        """Figures come from ``device``; what is still under way from another is waited for."""
        if self.watcher is not None:
            self.drain(flush=True)
        self.device = device
        self.figures = read_back(device)
        self.layers = read_back(device)
        self.histograms = read_back(device)
        self._norms = [norms.to(device) for norms in self._norms]

    def obey(self) -> None:
        """What clients have asked; a stop can only be passed on."""
        for command in self.record.inbox.take(self.steps):
            self.stop_reason = obey(command, self.steps, self.record.sink) or self.stop_reason

    def drain(self, flush: bool = False) -> None:
        """Write what has come back from the device."""
        record = self.record
        rows = []
        for note, vector in list(self.figures.flush() if flush else self.figures.ready()):
            figures = vector.reshape(-1).tolist()
            found = note.known | dict(zip(note.names, figures, strict=False))
            rows.append(row_of(note, found.pop("loss"), figures[len(note.names) :]))
            self._tell_metrics(note, found)
        cost = self.watcher.cost if self.watcher is not None else math.nan
        for (step, now), values in self.layers.flush() if flush else self.layers.ready():
            record.sink.layers(step, now, values, cost)
        for (step, now), counts in self.histograms.flush() if flush else self.histograms.ready():
            record.sink.histograms(step, now, counts)
        if rows:
            with self._stoppable():
                record.sink.steps(rows)

    def _tell_metrics(self, note: Note, found: dict[str, float]) -> None:
        metrics = self.record.metrics
        before = metrics.full
        metrics.add(note.step, note.time, found)
        if metrics.full and not before:
            self.record.warning("too many names of metrics: further ones are left out")

    @contextlib.contextmanager
    def _stoppable(self) -> Any:
        """A finding in ``stop_on`` asks to stop, once all rows are written."""
        try:
            yield
        except Stopped as stopped:
            self.stop_reason = stopped.reason
            say(f"tuiwb: {stopped.reason}")

    def close(self, error: BaseException | None) -> None:
        """The last rows, the doctor's last round, and how it ended."""
        try:
            if self._given and (self._updates or not self.steps):
                self._row_is_due()
            if self.watcher is not None:
                self.drain(flush=True)
            self.record.finish(self.steps, error, self.stop_reason)
        finally:
            self.let_go()

    def give_up(self, error: BaseException) -> None:
        """Something of ours failed: say so where it can be said, and leave the training alone. The
        hooks stay, as this may be called by one of them; see `unhook`."""
        with contextlib.suppress(Exception):
            self.drain(flush=True)  # what was told so far
        with contextlib.suppress(Exception):  # the folder may be gone: nobody is left to tell
            what = "watching failed; the training went on without it"
            self.record.failed(error, self.steps, what)
        with contextlib.suppress(Exception):
            self.let_go(unhook=False)
        with contextlib.suppress(Exception):
            self.record.close()

    def unhook(self) -> None:
        """Take our hooks off the model and the optimisers."""
        while self._handles:
            self._handles.pop().remove()

    def let_go(self, unhook: bool = True) -> None:
        """Leave the model as it was, and the run to its readers."""
        try:
            if unhook:
                self.unhook()
            if self.watcher is not None:
                self.watcher.detach()
            if self.eager is not None:
                self.eager.close()
        finally:
            self.record.close()


def _followed(closure: Callable[[], Any], gradients_there: Callable[[], Any]) -> Callable[[], Any]:
    """``closure``, with a word after its first call: L-BFGS makes many in one step."""
    there = False

    def followed() -> Any:
        nonlocal there
        result = closure()
        if not there:
            there = True
            gradients_there()
        return result

    return followed


def _step_hooks(optimizers: Sequence[torch.optim.Optimizer]) -> list[Mapping[int, Any]]:
    return [optimizer._optimizer_step_post_hooks for optimizer in optimizers]
