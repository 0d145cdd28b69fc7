"""One of K classes for each sample: loss and accuracy.

Two classes may be told apart by one output (``single``): class 1 where it is above 0. K classes
take the largest of K outputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isclose, log

import torch
from torch import Tensor, nn

from tuiwb.base.errors import UserError
from tuiwb.data.dataset import Dataset
from tuiwb.spec.sections import TaskKnobs
from tuiwb.tasks import views
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch, Loss, plain


class Knobs(TaskKnobs):
    """One of K classes for each sample."""


class Classify:
    """Outputs [B, K] or [B, 1] against class indices int64 [B]."""

    def __init__(self, loss: Loss, single: bool) -> None:
        self._loss = loss
        self._plain = plain(loss)
        self._single = single
        self.baselines: dict[str, float] = {}

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss of one batch; no further parts."""
        inputs, targets = batch
        return self._loss(model(inputs), targets), {}

    def evaluate(self, model: nn.Module, batches: Iterable[Batch]) -> dict[str, float]:
        """``loss`` (without label smoothing) and ``accuracy`` (share of samples, 0 to 1)."""
        sums = None
        seen = 0
        for inputs, targets in batches:
            outputs = model(inputs)
            guess = self._guess(outputs)
            row = torch.stack(
                (
                    self._plain(outputs, targets).float() * len(targets),
                    (guess == targets).sum().float(),
                )
            )
            sums = row if sums is None else sums + row
            seen += len(targets)
        if sums is None:
            return {}
        loss, right = (sums / seen).tolist()  # the one read-back
        return {"loss": loss, "accuracy": right}

    def pictures(self, model: nn.Module, dataset: Dataset) -> Iterator[Picture]:
        """The confusion matrix, filters of a first layer that reads pictures, and the decision
        boundary where samples are points of a plane."""
        yield views.confusion(model, dataset.val, dataset.classes, self._guess)
        for picture in (
            views.first_filters(model, dataset.signature),
            views.boundary(model, dataset, self._colour, lambda targets: targets),
        ):
            if picture is not None:
                yield picture

    def _guess(self, outputs: Tensor) -> Tensor:
        return outputs.squeeze(-1) > 0 if self._single else outputs.argmax(-1)

    def _colour(self, outputs: Tensor) -> Tensor:
        """-1 for the first class to 1 for the last; between two, by how sure the model is."""
        if outputs.shape[-1] > 2:
            return outputs.argmax(-1) * 2 / (outputs.shape[-1] - 1) - 1
        logit = outputs.squeeze(-1) if self._single else outputs[:, 1] - outputs[:, 0]
        return torch.tanh(logit / 2)  # twice the probability of class 1, minus 1


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Classify:
    """The task on ``dataset``; a one-output loss on other than two classes is a `UserError`."""
    classes = len(dataset.classes)
    if single and classes != 2:
        raise UserError(
            "this loss reads one output, which tells two classes apart",
            where="loss.name",
            found=f"{classes} classes: {', '.join(dataset.classes)}",
            allowed="data with two classes, or loss.name = cross-entropy",
        )
    task = Classify(loss, single)
    targets = dataset.val.targets
    if targets is not None:
        # through the loss itself: ln K for cross-entropy, 0.5 for the Playground's squared error
        zeros = torch.zeros(len(targets), 1 if single else classes, device=targets.device)
        guess = float(plain(loss)(zeros, targets))
        # the data's own are in nats of cross-entropy: they hold where a uniform guess costs ln K
        in_nats = isclose(guess, log(classes), rel_tol=1e-4)
        task.baselines = (dataset.baselines if in_nats else {}) | {"uniform guess": guess}
    return task
