"""Time as a thing that is handed in, so that tests can hold it still."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """What the program asks of time."""

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


def _elapsed() -> float:
    """Seconds since the machine was started, those in which it slept included."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SteadyClock:
    """The machine's clock as long as it runs forwards. Where somebody sets it back, time goes on
    from where it was, at its own pace: what is written later never has an earlier time."""

    def __init__(
        self, wall: Callable[[], float] = time.time, elapsed: Callable[[], float] = _elapsed
    ) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._ahead = wall() - elapsed()

    def now(self) -> float:
        elapsed, wall = self._elapsed(), self._wall()
        self._ahead = max(self._ahead, wall - elapsed)
        return elapsed + self._ahead

    def monotonic(self) -> float:
        return time.monotonic()


STEADY = SteadyClock()
"""The one of this process, for whoever writes a run."""


class FrozenClock:
    """A clock that moves only when told to."""

    def __init__(self, now: float = 0.0) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds
