"""What a step costs each rank by itself: without the time in which it waits for the others."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

import numpy as np
import torch

MOST = 64
"""Updates that a device may be behind the host and still be timed."""


class Clock:
    """Times the updates of one rank. On a GPU the device's own time counts, known some updates
    later: from the beginning of the forward pass to the last of the gradient."""

    def __init__(self, device: torch.device) -> None:
        self._cuda = device.type == "cuda"
        self._began = self._ready = self._waited = 0.0
        self._events: deque[tuple[Any, Any]] = deque(maxlen=MOST)

    def start(self) -> None:
        """An update begins."""
        self._began, self._waited = time.perf_counter(), 0.0
        self._ready = self._began
        if self._cuda:
            self._events.append((_event(), _event()))
            self._events[-1][0].record()

    def ready(self) -> None:
        """A share of the gradient is there, and on its way to the others."""
        self._ready = time.perf_counter()
        if self._cuda:
            self._events[-1][1].record()

    def go_on(self) -> None:
        """The others are there too: what lies since `ready` was waiting for them."""
        now = time.perf_counter()
        self._waited, self._ready = self._waited + now - self._ready, now

    def stop(self) -> float:
        """The update is over; the seconds of the last one that is known, NaN where none is."""
        if not self._cuda:
            return time.perf_counter() - self._began - self._waited
        seconds = float("nan")
        while self._events and self._events[0][1].query():
            began, ready = self._events.popleft()
            seconds = began.elapsed_time(ready) / 1000
        return seconds


def _event() -> Any:
    return torch.cuda.Event(enable_timing=True)


class Costs:
    """What steps cost each rank by itself, since somebody asked. `take` may be called by another
    thread than `add`."""

    def __init__(self, world: int) -> None:
        self._sum, self._count = np.zeros(world), np.zeros(world)
        self._lock = threading.Lock()

    def add(self, seconds: np.ndarray) -> None:
        """One step: of each rank, NaN where it does not count."""
        known = np.isfinite(seconds)
        with self._lock:
            self._sum[known] += seconds[known]
            self._count += known

    def take(self) -> np.ndarray | None:
        """The mean of each rank, NaN where it is not known; None where no step was made."""
        with self._lock:
            total, count = self._sum, self._count
            self._sum, self._count = np.zeros_like(total), np.zeros_like(count)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan) if count.any() else None
