"""The hand that the user holds: it passes everything on, and lets nothing of ours break theirs."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from torch import nn

from tuiwb.base.errors import UserError
from tuiwb.base.text import slug
from tuiwb.watching.compiled import original
from tuiwb.watching.hooks import Guard, say
from tuiwb.watching.loop import Loop
from tuiwb.watching.plain import plain_hparams, planned_steps
from tuiwb.watching.record import Record


class Run:
    """A watched training loop. Use it as a context manager, or `close` it at the end.

    ``path`` is the run directory, for ``tuiwb attach``; None where nothing is recorded (another
    rank than 0, a data-loading process, or after a failure of ours).
    """

    def __init__(self, begin: Callable[[Guard], Loop] | None) -> None:
        self._pid = os.getpid()
        self._loop: Loop | None = None
        self._left: Loop | None = None
        """One that has failed, whose hooks are still to be taken off."""
        self.path: Path | None = None
        self.stop_requested = False
        """Whether ``tuiwb ctl RUN stop``, or a symptom in ``stop_on``, asks the loop to end. The
        loop is the user's: it decides."""
        if begin is not None:
            self._loop = self._safely(lambda: begin(self.guard))
            self.path = self._loop.record.paths.root if self._loop is not None else None
            atexit.register(self._at_exit)

    def step(self, loss: Any = None, **metrics: Any) -> None:
        """Once for each batch, after the optimiser's step. ``loss`` and every metric are a number
        or a tensor of one value; nothing here waits for the device."""
        loop = self._mine()
        if loop is not None:
            self._safely(lambda: loop.step(loss, metrics))
            self.stop_requested |= loop.stop_reason is not None

    def evaluate(self, **metrics: Any) -> None:
        """Metrics on held-out data: ``loss=0.1`` is drawn as ``val_loss``."""
        loop = self._mine()
        if loop is not None:
            self._safely(lambda: loop.evaluate(metrics))
            self.stop_requested |= loop.stop_reason is not None

    def batch(self, given: Any) -> None:
        """A batch has come, for trainers that do not call the watched module itself."""
        loop = self._mine()
        if loop is not None:
            loop.told_of_batches = True
            self._safely(lambda: loop.batch(given))

    def close(self, error: BaseException | None = None) -> None:
        """Write what is under way and say how it ended. May be called twice."""
        atexit.unregister(self._at_exit)
        loop = self._mine()
        if loop is not None:
            self._safely(lambda: loop.close(error))
        self._mine()
        self._loop = None

    def _at_exit(self) -> None:
        # an uncaught error was printed by then; at a prompt it may be any cell's
        self.close(None if hasattr(sys, "ps1") else getattr(sys, "last_value", None))

    def _mine(self) -> Loop | None:
        # a process that was forked off (a data loader's) holds a copy that is not to be used
        if os.getpid() != self._pid:
            return None
        if self._left is not None:
            self._left.unhook()
            self._left = None
        return self._loop

    def guard(self, do: Callable[[], Any]) -> Any:
        """What a hook does, where it still has something to do."""
        if self._loop is None or os.getpid() != self._pid:
            return None
        return self._safely(do)

    def _safely(self, do: Callable[[], Any]) -> Any:
        """``do``; whatever goes wrong in it is said once, and then the training goes on alone."""
        try:
            return do()
        except Exception as error:
            loop, self._loop = self._loop, None
            if loop is not None:
                loop.give_up(error)
                self._left = loop
            words = (
                str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            )
            say(f"tuiwb stops watching, the training goes on: {words}")
        return None

    def __reduce__(self) -> tuple[Any, ...]:
        return Run, (None,)  # a copy of whatever holds this run watches nothing

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close(error)


def watch(
    model: nn.Module,
    optimizer: torch.optim.Optimizer | Iterable[torch.optim.Optimizer] | None = None,
    *,
    name: str | None = None,
    hparams: Mapping[str, Any] | object | None = None,
    runs: str | Path | None = None,
    budget: float = 0.02,
    stop_on: Iterable[str] = (),
    steps: int | None = None,
) -> Run:
    """Record a training loop of your own: ``with tuiwb.watch(model, optimizer) as run:``, and in
    the loop, after ``optimizer.step()``, ``run.step(loss=loss)``.

    ``name`` of the run; ``hparams`` are kept with it and shown; ``runs`` is the folder of runs;
    ``budget`` the share of step time that watching may cost; ``stop_on`` names symptoms on which
    `Run.stop_requested` is set; ``steps`` is how many are planned, which tells how much is left.
    Under torch.distributed rank 0 writes. Never raises: what cannot be watched is said in a
    warning.
    """

    def begin(guard: Guard) -> Loop:
        from tuiwb.run.create import runs_dir

        if not isinstance(model, nn.Module):
            raise UserError(
                f"cannot watch a {type(model).__name__}",
                where="tuiwb.watch",
                allowed="a torch.nn.Module; several of them as a torch.nn.ModuleList",
            )
        optimizers: tuple[torch.optim.Optimizer, ...] = ()
        if isinstance(optimizer, torch.optim.Optimizer):
            optimizers = (inner(optimizer),)
        elif optimizer is not None:
            optimizers = tuple(inner(one) for one in optimizer)
        folder = Path(runs).expanduser().absolute() if runs is not None else runs_dir()
        symptoms = (stop_on,) if isinstance(stop_on, str) else tuple(stop_on)
        title = slug(type(original(model)).__name__.lower(), "run")
        planned = planned_steps(steps)
        record = Record(folder, title, name, plain_hparams(hparams), symptoms, planned)
        try:
            return Loop(model, optimizers, record, float(budget), guard)
        except BaseException as error:
            record.failed(error, 0, "watching could not begin")
            record.close()
            raise

    return Run(begin if rank() == 0 else None)


def inner(optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
    """The optimiser that steps, under a trainer's wrapper."""
    found = getattr(optimizer, "optimizer", None)
    return inner(found) if isinstance(found, torch.optim.Optimizer) else optimizer


def rank() -> int:
    """This process's rank, also before the process group is there; 0 without several."""
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank()
    told = os.environ.get("RANK", "")  # torchrun's
    return int(told) if told.isdecimal() else 0
