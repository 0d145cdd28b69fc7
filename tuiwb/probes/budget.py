"""The controller that keeps the cost of watching under a share of the step time."""

from __future__ import annotations

import math

WARM = 10
"""Steps from the first sample to the second, whose cost is the first that counts."""


class Average:
    """An exponential average over what was measured: a single slow sample does not count much."""

    MEMORY = 0.8
    """Weight of the past."""

    def __init__(self) -> None:
        self.value = math.nan

    def add(self, value: float) -> None:
        """Take in one measurement."""
        before = self.value
        mixed = self.MEMORY * before + (1 - self.MEMORY) * value
        self.value = value if before != before else mixed


class Budget:
    """Decides which steps are sampled, so that sampling costs at most ``share`` of the time.

    ``step_time`` averages the seconds of a step without watching, and is kept by whoever measures
    steps. ``share`` 0 is off.
    """

    def __init__(self, share: float, step_time: Average) -> None:
        self.share = share
        self.every = 1
        self._next = 0
        self._cold = True
        self._sample = Average()
        self._step = step_time

    def due(self, step: int) -> bool:
        """Whether ``step`` is to be sampled."""
        return step >= self._next and self.share > 0

    def retune(self, share: float) -> None:
        """Another share from now on; the next step is sampled to see what it comes to."""
        self.share = share
        self._next = 0

    def sampled(self, step: int, cost: float) -> None:
        """``step`` was sampled, which took ``cost`` seconds beyond the step itself."""
        if self._cold:
            # the very first sample pays for what every later one finds warm: it tells nothing
            self._cold, self._next = False, step + WARM
            return
        self._sample.add(cost)
        if self._step.value > 0:
            self.every = max(1, math.ceil(self._sample.value / (self.share * self._step.value)))
        self._next = step + self.every

    @property
    def cost(self) -> float:
        """The share of step time that sampling costs now (NaN before the first sample)."""
        return self._sample.value / (self.every * self._step.value) if self.share > 0 else 0.0
