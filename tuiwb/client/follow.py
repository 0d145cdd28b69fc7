"""Watching a run until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tuiwb.base.clock import Clock
from tuiwb.run.reader import RunReader
from tuiwb.run.view import RunView


def follow(
    path: Path,
    interval: float = 0.25,
    clock: Clock | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[RunView]:
    """A view now and then every ``interval`` seconds; the last one is of a run that has ended or
    crashed and is read to its end. A view without news is the same object as the one before.

    Raises `UserError` where there is no run.
    """
    with RunReader(path, clock) as reader:
        while True:
            view = reader.poll()
            yield view
            if view.behind:
                continue
            if view.status.ended_now:
                return
            sleep(interval)
