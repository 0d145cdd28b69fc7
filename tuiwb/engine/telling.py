"""When the figures of the last steps are told: in lots, because telling has its price, and soon,
because the doctor waits for them as well as people."""

from __future__ import annotations

SOONEST, LATEST = 0.02, 0.1
"""Seconds from one lot to the next, at least and at most. No screen looks more often than ten times
a second; nets that take thousands of steps in one should be looked at sooner."""
LOT = 16
"""Steps that are worth telling of before `LATEST` is over."""


class Telling:
    """Says when a lot is due."""

    def __init__(self) -> None:
        self._step, self._at = 0, 0.0

    def due(self, step: int, now: float) -> bool:
        """Whether the steps up to ``step`` are to be told of; then they have been. ``now`` is in
        seconds of a clock that never runs backwards."""
        waited = now - self._at
        if waited < SOONEST or (waited < LATEST and step - self._step < LOT):
            return False
        self._step, self._at = step, now
        return True
