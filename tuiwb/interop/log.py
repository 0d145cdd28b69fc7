"""What a stranger's log holds, whatever its format: series of numbers and of distributions."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Spread(NamedTuple):
    """A distribution of values in a few figures."""

    size: float
    """How many values."""
    total: float
    """Sum of the values."""
    squares: float
    """Sum of their squares."""
    zeros: float
    """How many are exactly zero; NaN where that cannot be told."""

    @property
    def norm(self) -> float:
        return math.sqrt(self.squares) if self.squares >= 0 else math.nan

    @property
    def mean(self) -> float:
        return self.total / self.size if self.size else math.nan

    @property
    def rms(self) -> float:
        return self.norm / math.sqrt(self.size) if self.size else math.nan

    @property
    def std(self) -> float:
        if not self.size:
            return math.nan
        return math.sqrt(max(self.squares / self.size - self.mean * self.mean, 0.0))


class Series:
    """One tag's points: step, Unix seconds, value (a number, or a `Spread`)."""

    def __init__(self) -> None:
        self._step, self._time = array("q"), array("d")
        self._value: list[Any] = []

    def add(self, step: int, time: float, value: Any) -> None:
        self._step.append(step)
        self._time.append(time)
        self._value.append(value)

    def forget(self, since: int) -> int:
        """Drop the points at step ``since`` and later ones, which are about to be written anew;
        returns how many those were."""
        keep = [i for i, step in enumerate(self._step) if step < since]
        dropped = len(self._step) - len(keep)
        if dropped:
            self._step = array("q", (self._step[i] for i in keep))
            self._time = array("d", (self._time[i] for i in keep))
            self._value = [self._value[i] for i in keep]
        return dropped

    def __len__(self) -> int:
        return len(self._step)

    @property
    def order(self) -> Array:
        """Indices that put the points in the order of their steps."""
        return np.argsort(np.array(self._step, np.int64), kind="stable")

    @property
    def step(self) -> Array:
        return np.array(self._step, np.int64)[self.order]

    @property
    def time(self) -> Array:
        return np.array(self._time, np.float64)[self.order]

    @property
    def values(self) -> Array:
        """Of numbers."""
        return np.array(self._value, np.float64)[self.order]

    @property
    def spreads(self) -> list[Spread]:
        """Of distributions."""
        return [self._value[i] for i in self.order]

    @property
    def latest(self) -> int:
        """The greatest step; less than any where there is no point."""
        return max(self._step, default=-(1 << 62))


@dataclass
class Writer:
    """What was written into one folder."""

    folder: str
    """Relative to the folder that was asked for, with slashes; empty for itself."""
    scalars: dict[str, Series] = field(default_factory=dict)
    """By tag, in the order in which they were first seen."""
    histograms: dict[str, Series] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def tag(self, name: str) -> str:
        """A tag that is the folder's own."""
        return f"{self.folder}/{name}" if self.folder else name
