"""PyTorch Lightning: ``Trainer(callbacks=[TuiwbCallback()])``. Needs the package lightning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from tuiwb.watching.run import Run, watch


class TuiwbCallback(Callback):
    """Watches a fit. Takes the keywords of `tuiwb.watch`; hyperparameters saved by the module are
    kept with the run. A stop asked for by ``tuiwb ctl RUN stop`` ends the fit after the batch."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self.run: Run | None = None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        hparams = {**dict(pl_module.hparams), **(self._options.get("hparams") or {})}
        options = {**self._options, "hparams": hparams}
        self.run = watch(pl_module, trainer.optimizers, **options)

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
        logged = {
            name: value
            for name, value in trainer.logged_metrics.items()
            if not _held_out(name) and name != "loss"
        }
        self.run.step(loss=loss, **logged)
        if self.run.stop_requested:
            trainer.should_stop = True

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        metrics = {
            name.replace("valid", "val", 1): value
            for name, value in trainer.callback_metrics.items()
            if _held_out(name)
        }
        if self.run is not None and metrics and not trainer.sanity_checking:
            self.run.evaluate(**{name.replace("val/", "val_"): v for name, v in metrics.items()})

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.run is not None:
            self.run.close()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        if self.run is not None:
            self.run.close(exception)


def _held_out(name: str) -> bool:
    return name.startswith(("val", "test"))
