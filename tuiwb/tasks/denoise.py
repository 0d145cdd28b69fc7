"""A clean picture from a spoilt one: mean squared error, and what it gains in decibels.

Peak signal-to-noise ratio of pictures in 0..1: ``-10 log10(mse)``, here of the mean squared error
over all pixels of all pictures. What the network must beat is the picture as it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf, log10
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tuiwb.data.dataset import Dataset
from tuiwb.spec.sections import TaskKnobs
from tuiwb.tasks.looks import SHOWN, tiles
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch, Loss, plain


class Knobs(TaskKnobs):
    """A clean picture from a spoilt one."""

    targets: ClassVar[str] = "inputs"
    own_models: ClassVar[bool] = True


class Denoise:
    """Outputs [B, F] against clean pictures float [B, F], flattened, in 0..1."""

    def __init__(self, loss: Loss, dataset: Dataset) -> None:
        self._loss = loss
        self._plain = plain(loss)
        goal = dataset.val.targets
        assert goal is not None
        self.baselines = {"as it came": float(plain(loss)(dataset.val.inputs.flatten(1), goal))}

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss of one batch; no further parts."""
        inputs, targets = batch
        return self._loss(model(inputs), targets), {}

    def evaluate(self, model: nn.Module, batches: Iterable[Batch]) -> dict[str, float]:
        """``loss``; ``psnr`` of what comes out, ``input_psnr`` of what went in and their difference
        ``gain``, all in decibels."""
        sums = None
        seen = 0
        for inputs, targets in batches:
            outputs = model(inputs).float()
            row = torch.stack(
                (
                    self._plain(outputs, targets) * len(targets),
                    (outputs - targets).square().mean(1).sum(),
                    (inputs.flatten(1) - targets).square().mean(1).sum(),
                )
            )
            sums = row if sums is None else sums + row
            seen += len(targets)
        if sums is None:
            return {}
        loss, after, before = (sums / seen).tolist()  # the one read-back
        psnr, came = decibels(after), decibels(before)
        return {"loss": loss, "psnr": psnr, "input_psnr": came, "gain": psnr - came}

    def pictures(self, model: Any, dataset: Dataset) -> Iterator[Picture]:
        """Spoilt, cleaned and true pictures, one above the other."""
        some, goal = dataset.val.inputs[:SHOWN], dataset.val.targets
        if dataset.signature.kind == "image" and goal is not None:
            yield tiles("cleaned", [some, model(some), goal[:SHOWN]], dataset.signature.shape,
                        words="as it came, cleaned, true")  # fmt: skip


def decibels(mse: float) -> float:
    """Peak signal-to-noise ratio of values in 0..1."""
    return -10 * log10(mse) if mse > 0 else inf


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Denoise:
    """The task on ``dataset``, whose targets are the clean pictures."""
    return Denoise(loss, dataset)
