"""What looking costs."""

from __future__ import annotations

import time


class Stopwatch:
    """Adds up host time over several pieces of one sample."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since = 0.0

    def __enter__(self) -> None:
        self._since = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._since

    def take(self) -> float:
        """The seconds so far; starts again from zero."""
        seconds, self.seconds = self.seconds, 0.0
        return seconds
