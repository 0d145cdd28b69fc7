"""The run directory of a watched loop: opened whole or not at all, told what happens, let go."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import time
import traceback
import weakref
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tuiwb.base.errors import UserError, WorkerFailed, nearest
from tuiwb.doctor.examine import SYMPTOMS
from tuiwb.doctor.facts import facts, told
from tuiwb.engine.interfaces import Stopped
from tuiwb.probes.layers import Layer
from tuiwb.run.create import create_watched
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import WorkerLock
from tuiwb.watching.hooks import say
from tuiwb.watching.metrics import Metrics
from tuiwb.watching.plain import plain_name
from tuiwb.worker.controls import Inbox
from tuiwb.worker.heartbeat import Heartbeat
from tuiwb.worker.sink import RunSink

_LOCKS: weakref.WeakSet[WorkerLock] = weakref.WeakSet()
"""Held by this process: a forked child (a data loader's) lets go of its copies at once."""


def _release_all() -> None:
    for lock in list(_LOCKS):
        lock.release()


os.register_at_fork(after_in_child=_release_all)


class Record:
    """Everything of one run that is written."""

    def __init__(
        self, runs: Path, title: str, name: str | None, hparams: Mapping[str, Any],
        stop_on: Collection[str], steps: int | None = None,
    ) -> None:  # fmt: skip
        self.paths = RunPaths(_folder(runs, title, name, hparams, steps))
        self._open = contextlib.ExitStack()
        try:
            self.lock = WorkerLock(self.paths.lock)
            self.lock.acquire()
            _LOCKS.add(self.lock)
            self._open.callback(self.lock.release)
            self.journal = self._open.enter_context(Journal(self.paths.journal))
            self.journal.write("state", state="starting", doing="waiting for the first step")
            self.sink = RunSink(self.paths, self.journal, self._symptoms(stop_on))
            self._open.callback(self.sink.close)
            self.metrics = Metrics(self.paths.tables)
            self._open.callback(self.metrics.close)
            self.inbox = Inbox(self.paths, self.journal)
            self.heartbeat = Heartbeat(self.paths, self.sink)
            self._open.callback(self.heartbeat.stop)
        except BaseException as error:
            with contextlib.suppress(Exception):
                self.failed(error, 0, "watching could not begin")
            self._open.close()
            raise
        self.hparams = dict(hparams)

    def _symptoms(self, stop_on: Collection[str]) -> tuple[str, ...]:
        known = SYMPTOMS.names()
        for name in stop_on:
            if name not in known:
                near = nearest(str(name), known)
                text = f"stop_on: there is no symptom {str(name)!r}" + (
                    f"; did you mean {near!r}?" if near else ""
                )
                self.warning(text)
                say(f"tuiwb: {text}")
        return tuple(name for name in stop_on if name in known)

    def warning(self, text: str) -> None:
        """One line in the journal."""
        self.journal.write("warning", text=text)

    def introduce(
        self,
        layers: Sequence[Layer],
        parameters: Sequence[nn.Parameter],
        device: torch.device,
        optimizers: Sequence[torch.optim.Optimizer],
        data: Mapping[str, Any],
    ) -> None:
        """Journal model, data and device, and give the doctor its facts: those that it finds in
        the run's folder later are the same."""
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
        if optimizers:
            name, lr = type(optimizers[0]).__name__.lower(), rate(optimizers)
            event["optim"] = {"name": name} | ({"lr": lr} if math.isfinite(lr) else {})
        self.journal.write("model", **event)
        if data:
            self.journal.write("data", **data)
        self.journal.write(
            "device", device=str(device), precision="as the loop chooses",
            threads=torch.get_num_threads(),
        )  # fmt: skip
        if not parameters:
            self.warning("the model has no parameters: only loss and metrics are recorded")
        self.sink.rounds.facts = facts(told(self.hparams, event, data), event, data)
        self.journal.write("state", state="training")

    def finish(self, step: int, error: BaseException | None, reason: str | None) -> None:
        """How the loop ended: by ``error``, or for a ``reason`` that it was asked to, or so."""
        try:
            self.sink.rounds.last(time.time())
        except Exception as odd:  # a rule of ours: the end is told all the same
            self.warning(f"the doctor's last round failed: {type(odd).__name__}: {odd}")
        if error is None or isinstance(error, GeneratorExit):
            state = "stopped" if reason else "finished"
            self.journal.write("state", step, state=state, reason=reason or "the loop is over")
        elif isinstance(error, KeyboardInterrupt | SystemExit | Stopped):
            self.journal.write("state", step, state="stopped", reason=type(error).__name__)
        else:
            self.failed(error, step, "the loop failed")

    def failed(self, error: BaseException, step: int, what: str) -> None:
        """An error with its traceback, and the end."""
        trace = "".join(traceback.format_exception(error))
        words = WorkerFailed(f"{what}: {type(error).__name__}: {error}")
        self.journal.write("error", step, **words.as_dict(), traceback=trace)
        self.journal.write("state", step, state="failed", reason=words.what)

    def close(self) -> None:
        """Let go of everything, in the reverse order; may be called twice."""
        self._open.close()


def rate(optimizers: Sequence[torch.optim.Optimizer]) -> float:
    """The learning rate of the first group; NaN where there is none."""
    groups = optimizers[0].param_groups if optimizers else []
    return float(groups[0].get("lr", "nan")) if groups else float("nan")


def _folder(
    runs: Path, title: str, name: str | None, hparams: Mapping[str, Any], steps: int | None
) -> Path:
    """A script that is run again gets ``name-2``: its training is worth more than its name."""
    if name is None:
        return create_watched(runs, title, hparams, steps=steps)
    name = plain_name(name)
    for number in itertools.count(1):
        tried = name if number == 1 else f"{name}-{number}"
        try:
            return create_watched(runs, title, hparams, tried, steps=steps)
        except UserError:
            if not os.path.lexists(runs / tried):
                raise
    raise AssertionError
