"""The controller that keeps the cost of watching under a share of the step time."""

from __future__ import annotations

import math


class Budget:
    """Decides which steps are sampled, so that sampling costs at most ``share`` of the time.

    Both times are exponential averages over what was measured in this run. ``share`` 0 is off.
    """

    MEMORY = 0.8
    """Weight of the past in the averages: a single slow sample does not silence the bench."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.every = 1
        self._next = 0
        self._sample = math.nan
        self._step = math.nan

    def due(self, step: int) -> bool:
        """Whether ``step`` is to be sampled."""
        return self.share > 0 and step >= self._next

    def sampled(self, step: int, cost: float) -> None:
        """``step`` was sampled, which took ``cost`` seconds beyond the step itself."""
        self._sample = self._blend(self._sample, cost)
        if self._step > 0:
            self.every = max(1, math.ceil(self._sample / (self.share * self._step)))
        self._next = step + self.every

    def stepped(self, seconds: float) -> None:
        """One step took ``seconds``, watching not counted."""
        self._step = self._blend(self._step, seconds)

    @property
    def cost(self) -> float:
        """The share of step time that sampling costs now (NaN before the first sample)."""
        return self._sample / (self.every * self._step) if self.share > 0 else 0.0

    def _blend(self, average: float, value: float) -> float:
        if math.isnan(average):
            return value
        return self.MEMORY * average + (1 - self.MEMORY) * value
