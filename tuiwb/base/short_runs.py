"""Short runs beside a learning-rate range test: what each comes to, and which of them settles it.

They begin at one start and see the same batches, so two of them are compared step by step: what the
batches differ by falls out. Few steps cannot tell all rates apart all the same, and where they
cannot, the lowest rate is taken: one that is too low is slow, one that is too high learns nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

LAST = 0.15
"""Of a short run's steps, the last, that it is judged by."""
COMPARED = 1 / 3
"""Of their steps, the last, in which two runs are compared."""
CHANCE = 1.5
"""Standard errors by which the losses of one have to lie above those of another to be worse."""


@dataclass(frozen=True)
class ShortRun:
    """One rate and the losses of its steps; they end with the first that is no number."""

    lr: float
    losses: Sequence[float]

    @property
    def loss(self) -> float:
        """The mean of the last losses; infinite where one of them all is no number."""
        if not self.losses or not all(map(math.isfinite, self.losses)):
            return math.inf
        return fmean(_last(self.losses, LAST))

    def worse(self, other: ShortRun) -> bool:
        """Whether its losses lie above those of the other, which has as many, by more than chance:
        both have kept theirs."""
        mine, others = (_last(run.losses, COMPARED) for run in (self, other))
        apart = [a - b for a, b in zip(mine, others, strict=True)]
        if len(apart) < 2:
            return self.loss > other.loss
        error: float = stdev(apart) / math.sqrt(len(apart))
        return fmean(apart) > CHANCE * error


def _last(losses: Sequence[float], share: float) -> Sequence[float]:
    return losses[-max(1, round(share * len(losses))) :]


def settled(runs: Sequence[ShortRun]) -> ShortRun | None:
    """The run that ends lowest, or the one at the lowest rate that is not worse than it; None where
    none kept its loss."""
    kept = sorted((run for run in runs if math.isfinite(run.loss)), key=lambda run: run.lr)
    if not kept:
        return None
    lowest = min(kept, key=lambda run: run.loss)
    return next(run for run in kept if run is lowest or not run.worse(lowest))
