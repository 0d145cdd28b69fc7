"""Each sample again, from a code that is smaller than it: an autoencoder beside PCA.

With linear layers the best autoencoder spans the same space as the principal components (Baldi &
Hornik 1989); what a non-linear one gains is the ``ratio`` of their squared errors at the same
number of code units (Hinton & Salakhutdinov 2006).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tuiwb.data.dataset import Dataset
from tuiwb.spec.sections import TaskKnobs
from tuiwb.tasks.looks import POINTS, SHOWN, plane, spread_of, tiles
from tuiwb.tasks.pca import PCA
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch, Loss, plain


class Knobs(TaskKnobs):
    """Each sample again, through a narrow code."""

    targets: ClassVar[str] = "none"
    own_models: ClassVar[bool] = True


class Reconstruct:
    """Outputs [B, F] against the inputs themselves, flattened.

    The model offers ``encode(inputs) -> [B, K]`` and its code size K as ``code``.
    """

    def __init__(self, loss: Loss, dataset: Dataset) -> None:
        self._loss = loss
        self._plain = plain(loss)
        train, self._val = dataset.train.inputs.flatten(1), dataset.val.inputs.flatten(1)
        self._pca = PCA(train)
        self._pca_errors: dict[int, float] = {}
        self.baselines = {"mean sample": self._pca.error(self._val, 0)}
        for size in (2, 8, 16):
            if size < train.shape[1]:
                self.baselines[f"PCA with {size} components"] = self._pca.error(self._val, size)

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss of one batch; no further parts."""
        inputs, _ = batch
        return self._loss(model(inputs), inputs.flatten(1)), {}

    def evaluate(self, model: Any, batches: Iterable[Batch]) -> dict[str, float]:
        """``loss``, ``mse`` (mean over samples and features), ``pca_mse`` (PCA with as many
        components as the code has units, fitted to the training part) and their ``ratio``."""
        sums = None
        seen = 0
        for inputs, _ in batches:
            goal = inputs.flatten(1)
            outputs = model(inputs).float()
            row = torch.stack(
                (
                    self._plain(outputs, goal) * len(goal),
                    (outputs - goal).square().mean(1).sum(),
                )
            )
            sums = row if sums is None else sums + row
            seen += len(goal)
        if sums is None:
            return {}
        loss, mse = (sums / seen).tolist()  # the one read-back
        code = int(model.code)
        if code not in self._pca_errors:
            self._pca_errors[code] = self._pca.error(self._val, code)
        pca = self._pca_errors[code]
        ratio = mse / pca if pca > 0 else float("nan")
        return {"loss": loss, "mse": mse, "pca_mse": pca, "ratio": ratio}

    def pictures(self, model: Any, dataset: Dataset) -> Iterator[Picture]:
        """Samples above what their codes give back, and the codes in the plane."""
        val, shape = dataset.val, dataset.signature.shape
        if dataset.signature.kind == "image":
            low, high = spread_of(dataset.train.inputs)
            some = val.inputs[:SHOWN]
            yield tiles("reconstructions", [some, model(some)], shape, low=low, high=high,
                        words="samples above, rebuilt below")  # fmt: skip
        yield plane("codes", model.encode(val.inputs[:POINTS]), val.targets, dataset)


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Reconstruct:
    """The task on ``dataset``, whose targets it only uses to colour pictures."""
    return Reconstruct(loss, dataset)
