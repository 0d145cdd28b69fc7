"""How many threads share one operation of a population's step: one, or as many as there are cores.

A small net alone is fastest on one thread. What all members do at once is worth sharing, but only
where nobody else needs the cores: threads that wait for one that the system has put aside take many
times as long. So both are tried, in turns, at the beginning and again from time to time.
"""

from __future__ import annotations

import time

import numpy as np
import torch

from tuiwb.engine.device import usable_cores

BLOCK = 4
"""Steps in a row with one number of threads; the first of them starts threads, and does not count.
"""
BLOCKS = 3
"""Of each number at the beginning; later one."""
AGAIN = 5.0
"""Seconds from one decision to the next try."""
GAIN = 0.95
"""Of the time on one thread that several may take."""


class Threads:
    """``asked`` is ``train.threads``; 0 leaves it to this object. Off the CPU there is nothing to
    decide."""

    def __init__(self, asked: int, on_cpu: bool, cores: int | None = None) -> None:
        several = (cores or usable_cores()) if on_cpu and not asked else 1
        self._choices = (1, several) if several > 1 else ()
        self._times: dict[int, list[float]] = {}
        self._plan: list[int] = []
        self._again_at = 0.0
        self._try(BLOCKS)

    @property
    def trying(self) -> bool:
        """Whether it is not decided, or to be decided anew."""
        return bool(self._plan)

    def before(self) -> None:
        """Ahead of a step of all."""
        if self._choices and not self._plan and time.monotonic() >= self._again_at:
            self._try(1)
        if self._plan and torch.get_num_threads() != self._plan[0]:
            torch.set_num_threads(self._plan[0])

    def after(self, seconds: float) -> None:
        """A step of all has taken so long."""
        if not self._plan:
            return
        self._times[self._plan.pop(0)].append(seconds)
        if not self._plan:
            one, several = (
                np.median([s for n, s in enumerate(self._times[choice]) if n % BLOCK])
                for choice in self._choices
            )
            torch.set_num_threads(self._choices[1 if several < GAIN * one else 0])
            self._again_at = time.monotonic() + AGAIN

    def _try(self, blocks: int) -> None:
        self._times = {choice: [] for choice in self._choices}
        self._plan = [choice for choice in self._choices for _ in range(BLOCK)] * blocks
