"""How much main memory a worker has taken."""

from __future__ import annotations

import resource
import sys

import psutil

_before_the_fork = 0


def now() -> int:
    """Bytes that are resident."""
    return int(psutil.Process().memory_info().rss)


def forked(parent: int) -> None:
    """Take note that this process was just forked from one with ``parent`` bytes.

    A fork starts without the pages of the libraries that it has not touched yet. A process of its
    own would have read them too, so they count, or runs would seem smaller than they are.
    """
    global _before_the_fork
    _before_the_fork = max(0, parent - now())


def peak() -> int:
    """The most bytes that were resident at any time; of a forked worker at most so many."""
    return _before_the_fork + _peak()


def _peak() -> int:
    try:
        # getrusage's figure would begin with that of whoever started this process
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
