"""Hugging Face Trainer: ``Trainer(..., callbacks=[TuiwbCallback()])``. Needs transformers."""

from __future__ import annotations

from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tuiwb.watching.hooks import Hook
from tuiwb.watching.run import Run, watch


class TuiwbCallback(TrainerCallback):
    """Watches ``Trainer.train``. Takes the keywords of `tuiwb.watch`; what the training arguments
    say of rate, batch and steps is kept with the run. A stop asked for by ``tuiwb ctl RUN stop``
    ends the training after the step."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._loss: Any = None
        self._parts = 1
        self._handle: Any = None
        self.run: Run | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> None:
        optimizer = given.get("optimizer")
        hparams = {
            "learning_rate": args.learning_rate,
            "batch_size": args.per_device_train_batch_size,
            "accumulation": args.gradient_accumulation_steps,
            "max_steps": state.max_steps,
            **(self._options.get("hparams") or {}),
        }
        model = given["model"]
        options = {"steps": state.max_steps, **self._options, "hparams": hparams}
        self.run = watch(model, optimizer, **options)
        self._parts = args.gradient_accumulation_steps
        hook = Hook(self._take, self.run.guard)
        self._handle = model.register_forward_hook(hook, with_kwargs=True)

    def _take(self, module: Any, inputs: Any, given: Any, output: Any) -> None:
        # the trainer tells its callbacks an average now and then; a curve wants every step
        loss = output.get("loss") if hasattr(output, "get") else getattr(output, "loss", None)
        if module.training and isinstance(loss, torch.Tensor):
            # handed the number of items of all parts, a model gives its part's share of the mean
            shares = self._parts if given.get("num_items_in_batch") is not None else 1
            self._loss = loss.detach() * shares

    def on_substep_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> None:
        if self.run is not None:
            self.run.step(loss=self._loss)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> None:
        if self.run is not None:
            self.run.step(loss=self._loss)
            control.should_training_stop |= self.run.stop_requested

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> None:
        metrics = {
            name.removeprefix("eval_"): value
            for name, value in (given.get("metrics") or {}).items()
            if name.startswith("eval_") and not name.endswith(("_runtime", "_per_second"))
        }
        if self.run is not None:
            self.run.evaluate(**metrics)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: Any
    ) -> None:
        if self._handle is not None:
            self._handle.remove()
        if self.run is not None:
            self.run.close()
