"""PyTorch Lightning: ``Trainer(callbacks=[TuiwbCallback()])``. Needs the package lightning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from tuiwb.watching.run import Run, watch

_HELD_OUT = re.compile(r"(?:val|valid|validation)[_/ .-](.+)")


class TuiwbCallback(Callback):
    """Watches a fit. Takes the keywords of `tuiwb.watch`; hyperparameters saved by the module are
    kept with the run. A stop asked for by ``tuiwb ctl RUN stop`` ends the fit after the batch."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self.run: Run | None = None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        hparams = {**dict(pl_module.hparams), **(self._options.get("hparams") or {})}
        planned = trainer.estimated_stepping_batches  # infinite where nothing ends the fit
        options = {"steps": planned, **self._options, "hparams": hparams}
        self.run = watch(pl_module, trainer.optimizers, **options)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if self.run is not None:
            self.run.batch(batch)

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        if self.run is None:
            return
        loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
        if loss is not None:
            loss = loss * trainer.accumulate_grad_batches  # which the trainer has divided it by
        logged = {
            name: value
            for name, value in trainer.logged_metrics.items()
            if not held_out(name) and name != "loss"
        }
        self.run.step(loss=loss, **logged)
        if self.run.stop_requested:
            trainer.should_stop = True

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        metrics = {
            told: value
            for name, value in trainer.callback_metrics.items()
            if (told := held_out(name))
        }
        if self.run is not None and metrics and not trainer.sanity_checking:
            self.run.evaluate(**metrics)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.run is not None:
            self.run.close()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        if self.run is not None:
            self.run.close(exception)


def held_out(name: str) -> str:
    """The name of a metric on held-out data as the run has it; empty for any other."""
    found = _HELD_OUT.fullmatch(name)
    return f"val_{found[1]}" if found else ""
