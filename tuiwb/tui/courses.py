"""Small curves of the loss for the runs of a list that are in sight."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Lock

BLOCKS = "▁▂▃▄▅▆▇█"
LOST = "✗"
KEPT = 2_000
"""Runs whose course is kept."""
_DECADES = 10.0
"""A course that spreads over so much is drawn on a logarithmic scale."""

Course = tuple[float | None, ...]


def spark(course: Course, width: int) -> str:
    """A course in ``width`` characters; empty where there are no two numbers to compare."""
    known = [one for one in course if one is not None and math.isfinite(one)]
    if len(known) < 2 or width < 1:
        return ""
    low, high = min(known), max(known)
    log = low > 0 and high / low > _DECADES
    if log:
        low, high = math.log(low), math.log(high)
    shown = [course[round((i + 1) * len(course) / width) - 1] for i in range(width)]
    if len(course) < width:
        shown = list(course)
    return "".join(_block(one, low, high, log) for one in shown).ljust(width)


def _block(value: float | None, low: float, high: float, log: bool) -> str:
    if value is None or not math.isfinite(value):
        return LOST
    share = ((math.log(value) if log else value) - low) / (high - low) if high > low else 0.5
    return BLOCKS[min(len(BLOCKS) - 1, int(share * len(BLOCKS)))]


class Courses:
    """The courses of runs by their folders' names, each read when it is first in sight, and again
    while its run goes on."""

    def __init__(self) -> None:
        self.known: dict[str, Course] = {}
        self.version = 0
        """Counts up with each change of what is known."""
        self._one = Lock()

    def read(self, wanted: Mapping[str, Path], live: Iterable[str]) -> None:
        """Take in what is not known yet, and what may have gone on. Called from a thread."""
        with self._one:
            self._read(wanted, live)

    def _read(self, wanted: Mapping[str, Path], live: Iterable[str]) -> None:
        from tuiwb.run.course import losses

        fresh = [name for name in wanted if name not in self.known]
        before = dict(self.known)
        for name in (*fresh, *(one for one in live if one in wanted and one in before)):
            self.known[name] = losses(wanted[name])
        for name in list(self.known)[:-KEPT]:
            del self.known[name]
        self.version += self.known != before
