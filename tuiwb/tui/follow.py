"""How often a run is looked at: often on a good line, less on a slow one, never once it is over."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

LOCAL = 0.25
"""Seconds between two frames."""
REMOTE = 0.5
EAGER = 0.1
SLOWEST = 4.0
_LATE = 0.5
_CALM = 20


@dataclass
class Pace:
    """The interval between frames. Ticks that come late (the event loop waited for the terminal
    or the machine is busy) double it; a calm stretch brings it back."""

    base: float = LOCAL
    interval: float = LOCAL
    calm: int = 0

    def rest(self, state: str, over: bool, resumable: bool = False) -> float | None:
        """Seconds until the next look; None: not before somebody asks. A run that starts is looked
        at more often, for there is next to nothing to paint and somebody waits for the first loss;
        one that is over and ``resumable`` now and then, for somebody else may go on with it.
        """
        if over:
            return SLOWEST if resumable else None
        return min(EAGER, self.interval) if state == "starting" else self.interval

    def tick(self, late: float) -> None:
        """Take note that a tick came ``late`` seconds after its time."""
        if late > _LATE * self.interval:
            self.interval, self.calm = min(SLOWEST, self.interval * 2), 0
            return
        self.calm += 1
        if self.calm >= _CALM and self.interval > self.base:
            self.interval, self.calm = max(self.base, self.interval / 2), 0


def pace(environ: Mapping[str, str] = os.environ) -> Pace:
    """The pace for this terminal: slower over SSH."""
    remote = any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "MOSH_IP"))
    return Pace(REMOTE, REMOTE) if remote else Pace()
