"""Numbers from a series: a regression on sequences, or a forecast of what follows.

A forecast is measured in MASE (Hyndman & Koehler 2006): its mean absolute error over that of the
seasonal-naive forecast, the value one season before, on the training part. Below 1 beats it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from tuiwb.base.errors import UserError
from tuiwb.data.dataset import Dataset, Part
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TaskKnobs
from tuiwb.tasks import looking, regress
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch, Loss, plain


class Knobs(TaskKnobs):
    """Numbers from a series."""

    targets: ClassVar[str] = "numbers"

    season: Annotated[
        int, knob("steps after which a series repeats, for the naive forecasts and MASE; 0: the "
                  "targets do not continue the series", unit="steps", ge=0, le=10_000)
    ] = 0  # fmt: skip


class Series:
    """A `regress.Regress` with forecasts and hidden states to look at; ``scale`` is MASE's."""

    def __init__(self, inner: regress.Regress, season: int, scale: float) -> None:
        self._inner = inner
        self._season = season
        self._scale = scale
        self.baselines: dict[str, float] = {}

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss of one batch; no further parts."""
        return self._inner.loss(model, batch)

    def evaluate(self, model: nn.Module, batches: Iterable[Batch]) -> dict[str, float]:
        """The metrics of a regression and, of a forecast, ``mase``."""
        metrics = self._inner.evaluate(model, batches)
        if metrics and self._season:
            metrics["mase"] = metrics["mae"] / self._scale
        return metrics

    def pictures(self, model: nn.Module, dataset: Dataset) -> Iterator[Picture]:
        """Forecasts against the truth (or answers against targets), hidden states and gates."""
        inputs, targets = dataset.val.inputs[:200], dataset.val.targets
        assert targets is not None
        guesses = model(inputs).float()
        if self._season:
            for n in range(min(3, len(inputs))):
                yield self._forecast(n, inputs[n], targets[n], guesses[n])
        else:
            points = torch.stack((targets[:200, 0], guesses[:, 0]), dim=1)
            yield Picture("answers against targets", "scatter", {"points": points.cpu().numpy()})
        steps = [str(step) for step in range(inputs.shape[1])]
        yield from looking.activations(model, inputs[:1], steps)

    def _forecast(self, n: int, seen: Tensor, truth: Tensor, guess: Tensor) -> Picture:
        before, after = len(seen), len(truth)
        values = np.full((4, before + after), np.nan, dtype=np.float32)
        values[0, :before] = seen[:, 0].cpu().numpy()
        naive = last_season(seen[None], after, self._season)[0]
        for row, line in enumerate((truth, guess, naive), start=1):
            values[row, before:] = line.cpu().numpy()
        mae = float((guess - truth).abs().mean())
        return Picture(
            f"forecast {n + 1}",
            "lines",
            {
                "x": np.arange(before + after, dtype=np.float32),
                "values": values,
                "names": ["seen", "truth", "forecast", "seasonal naive"],
            },
            f"mean absolute error {mae:.3f}, "
            f"seasonal naive {float((naive - truth).abs().mean()):.3f}",
        )


def last_season(series: Tensor, horizon: int, season: int) -> Tensor:
    """The seasonal-naive forecast [B, horizon]: the value one season before, of feature 0."""
    places = series.shape[1] - season + torch.arange(horizon, device=series.device) % season
    return series[:, places, 0]


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Series:
    """The task on ``dataset``; a season longer than what is seen is a `UserError`."""
    inner = regress.build(regress.Knobs(name="regress"), loss, dataset, single)
    season, scale = knobs.season, 1.0
    naive: dict[str, float] = {}
    if season:
        if season > dataset.signature.shape[0]:
            raise UserError(
                "the season is longer than what is seen of a series",
                where="task.season",
                found=f"season = {season}, {dataset.signature.shape[0]} steps are seen",
                allowed=f"at most {dataset.signature.shape[0]}",
            )
        ahead, truth = _naive(dataset.train, season)
        scale = float((ahead - truth).abs().mean())
        for name, period in (("naive", 1), ("seasonal naive", season)):
            naive[name] = float(plain(loss)(*_naive(dataset.val, period)))
    task = Series(inner, season, scale)
    task.baselines = inner.baselines | naive
    return task


def _naive(part: Part, season: int) -> tuple[Tensor, Tensor]:
    assert part.targets is not None
    return last_season(part.inputs, part.targets.shape[1], season), part.targets
