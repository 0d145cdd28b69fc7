"""Numbers for each sample: loss, root mean squared error, mean absolute error and R2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import inf, isclose, log10, sqrt
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from tuiwb.data.dataset import Dataset
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TaskKnobs
from tuiwb.tasks import views
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch, Loss, plain


class Knobs(TaskKnobs):
    """Numbers for each sample."""

    targets: ClassVar[str] = "numbers"

    peak: Annotated[
        float,
        knob("largest value that a target can take, for the signal-to-noise ratio of pictures; 0 "
             "leaves it out", ge=0, le=1e6),
    ] = 0.0  # fmt: skip


class Regress:
    """Outputs [B, D] against targets float [B, D]; ``centre`` [D] is the targets' training mean."""

    def __init__(self, loss: Loss, centre: Tensor, peak: float = 0.0) -> None:
        self._loss = loss
        self._peak = peak
        self._plain = plain(loss)
        self._centre = centre
        self.baselines: dict[str, float] = {}

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss of one batch; no further parts."""
        inputs, targets = batch
        return self._loss(model(inputs), targets), {}

    def evaluate(self, model: nn.Module, batches: Iterable[Batch]) -> dict[str, float]:
        """``loss``, ``rmse`` and ``mae`` in the target's unit, ``r2`` (1 is perfect, 0 the mean).

        R2 = 1 - residual / total sum of squares, both summed over all outputs, each output about
        its own mean over ``batches``; nan where the targets do not vary. With a ``peak`` also
        ``psnr`` = 20 log10(peak / rmse), in decibels.
        """
        totals = None
        seen = outputs_per_sample = 0
        for inputs, targets in batches:
            outputs = model(inputs).float()
            error = outputs - targets
            # about the training mean, so that the sums of squares do not cancel in float32
            about = targets - self._centre
            row = torch.cat(
                (
                    torch.stack(
                        (
                            self._plain(outputs, targets) * len(targets),
                            error.square().sum(),
                            error.abs().sum(),
                            about.square().sum(),
                        )
                    ),
                    about.sum(0),
                )
            )
            totals = row if totals is None else totals + row
            seen += len(targets)
            outputs_per_sample = targets.shape[-1]
        if totals is None:
            return {}
        loss, squares, absolute, about_squares, *about_sums = totals.tolist()  # the one read-back
        total = about_squares - sum(s * s for s in about_sums) / seen
        numbers = seen * outputs_per_sample
        rmse = sqrt(squares / numbers)
        metrics = {
            "loss": loss / seen,
            "rmse": rmse,
            "mae": absolute / numbers,
            "r2": 1 - squares / total if total > 1e-12 * seen else float("nan"),
        }
        if self._peak:
            metrics["psnr"] = 20 * log10(self._peak / rmse) if rmse else inf
        return metrics

    def combined(self, outputs: Sequence[Tensor]) -> Tensor:
        """What several models answered [B, D] each, as one answer: their mean."""
        return torch.stack([answer.float() for answer in outputs]).mean(0)

    def pictures(self, model: nn.Module, dataset: Dataset) -> Iterator[Picture]:
        """Where samples are points of a plane: the surface, or the picture that three outputs
        (red, green, blue) paint."""
        if dataset.signature.outputs == 1:
            assert dataset.train.targets is not None
            scale = dataset.train.targets.abs().max().clamp(min=1e-12)
            picture = views.boundary(
                model,
                dataset,
                lambda y: y.squeeze(-1) / scale,
                lambda y: (y.squeeze(-1) > 0).long(),
            )
        else:
            picture = views.painted(model, dataset)
        if picture is not None:
            yield picture


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Regress:
    """The task on ``dataset``; ``single`` is not used: outputs are as many as targets."""
    assert dataset.train.targets is not None and dataset.val.targets is not None
    centre = dataset.train.targets.mean(0)
    task = Regress(loss, centre, knobs.peak)
    guess = float(plain(loss)(centre.expand_as(dataset.val.targets), dataset.val.targets))
    # the data's own are mean squared errors: they hold where the loss is one
    squared = isclose(guess, dataset.baselines.get("training mean", guess), rel_tol=1e-3)
    task.baselines = (dataset.baselines if squared else {}) | {"training mean": guess}
    return task
