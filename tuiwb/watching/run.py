"""The hand that the user holds: it passes everything on, and lets nothing of ours break theirs."""

from __future__ import annotations

import atexit
import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from torch import nn

from tuiwb.base.errors import UserError
from tuiwb.engine.interfaces import Stopped
from tuiwb.watching.loop import Loop


class Run:
    """A watched training loop. Use it as a context manager, or `close` it at the end.

    ``path`` is the run directory, for ``tuiwb attach``; None where nothing is recorded (another
    rank than 0, a data-loading process, or after a failure of ours).
    """

    def __init__(self, begin: Callable[[], Loop] | None) -> None:
        self._pid = os.getpid()
        self._loop: Loop | None = None
        self.path: Path | None = None
        self.stop_requested = False
        """Whether ``tuiwb ctl RUN stop``, or a symptom in ``stop_on``, asks the loop to end. The
        loop is the user's: it decides."""
        if begin is not None:
            self._loop = self._safely(begin)
            self.path = self._loop.paths.root if self._loop is not None else None
            atexit.register(self.close)

    def step(self, loss: Any = None, **metrics: Any) -> None:
        """Once for each batch, after the optimiser's step. ``loss`` and every metric are a number
        or a tensor of one value; nothing here waits for the device."""
        loop = self._mine()
        if loop is not None:
            self._safely(lambda: loop.step(loss, metrics))
            self.stop_requested |= loop.stop_requested

    def evaluate(self, **metrics: Any) -> None:
        """Metrics on held-out data: ``loss=0.1`` is drawn as ``val_loss``."""
        loop = self._mine()
        if loop is not None:
            self._safely(lambda: loop.evaluate(metrics))

    def close(self, error: BaseException | None = None) -> None:
        """Write what is under way and say how it ended. May be called twice."""
        loop, self._loop = self._mine(), None
        atexit.unregister(self.close)
        if loop is not None:
            self._safely(lambda: loop.close(error))

    def _mine(self) -> Loop | None:
        # a process that was forked off (a data loader's) holds a copy that is not to be used
        return self._loop if os.getpid() == self._pid else None

    def _safely(self, do: Callable[[], Any]) -> Any:
        """``do``; whatever goes wrong in it is said once, and then the training goes on alone."""
        try:
            return do()
        except Stopped as stopped:
            self.stop_requested = True
            warnings.warn(f"tuiwb: {stopped.reason}", RuntimeWarning, stacklevel=3)
        except Exception as error:
            loop, self._loop = self._loop, None
            if loop is not None:
                loop.give_up(error)
            words = (
                str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            )
            warnings.warn(
                f"tuiwb stops watching, the training goes on: {words}", RuntimeWarning, stacklevel=3
            )
        return None

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
    hparams: Mapping[str, Any] | None = None,
    runs: str | Path | None = None,
    budget: float = 0.02,
    stop_on: Iterable[str] = (),
) -> Run:
    """Record a training loop of your own: ``with tuiwb.watch(model, optimizer) as run:``, and in
    the loop, after ``optimizer.step()``, ``run.step(loss=loss)``.

    ``name`` of the run; ``hparams`` are kept with it and shown; ``runs`` is the folder of runs;
    ``budget`` the share of step time that watching may cost; ``stop_on`` names symptoms on which
    `Run.stop_requested` is set. Under torch.distributed rank 0 writes. Never raises: what cannot
    be watched is said in a warning.
    """

    def begin() -> Loop:
        from tuiwb.run.create import runs_dir

        optimizers = (
            ()
            if optimizer is None
            else (optimizer,)
            if isinstance(optimizer, torch.optim.Optimizer)
            else tuple(optimizer)
        )
        folder = Path(runs).expanduser().absolute() if runs is not None else runs_dir()
        return Loop(
            model, optimizers, folder, name, dict(hparams or {}), float(budget), tuple(stop_on)
        )

    return Run(begin if rank() == 0 else None)


def rank() -> int:
    """This process's rank; 0 without torch.distributed."""
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank()
    return 0
