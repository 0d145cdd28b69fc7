"""A watch on the training thread from beside it: a step that hangs cannot say so itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tuiwb.base.clock import Clock, SystemClock
from tuiwb.base.format import duration
from tuiwb.doctor.symptoms import stall
from tuiwb.worker.rounds import Rounds
from tuiwb.worker.stack import Place, stack, stands_in, words

ASLEEP = 10.0
"""Seconds between two looks after which this machine, not the training, has slept."""
LONG = 600.0
"""Seconds that anything but a step may take the first time: an evaluation, a checkpoint, whatever
a loop of the user's own does."""
LOOP = ("tuiwb/engine/loop.py", "step")
"""Where a step of the workbench's own loop is made: file and function."""
HELD = ("tuiwb/engine/desk.py", "attend")
"""Where the loop is held while it is paused, unless it obeys a command there."""
OBEYS = ("tuiwb/engine/desk.py", "obey")
FRAMES = 12
"""Innermost frames of the stack that are kept."""


class StallWatch:
    """Looks, about once a second, whether steps still arrive; journals each hang once, with the
    stack of the thread that trains, and its end where it has one."""

    def __init__(
        self,
        rounds: Rounds,
        event: Callable[..., Any],
        thread: int,
        clock: Clock | None = None,
        loop: Place = LOOP,
        held: Place = HELD,
    ) -> None:
        self._rounds = rounds
        self._event = event
        self._thread = thread
        self._clock = clock or SystemClock()
        self._loop, self._held = loop, held
        self.dump: Callable[[], None] = lambda: None
        """May leave the stacks of all threads in a log."""
        self._step = -1
        self._since = self._looked = self._clock.monotonic()
        self._longest = 0.0
        self._told = False

    def look(self, step: int) -> None:
        """``step`` is the last one that has arrived."""
        now = self._clock.monotonic()
        if now - self._looked > ASLEEP:
            # a lid that was closed, a container that was frozen: no time has passed for training
            self._since += now - self._looked
        self._looked = now
        quiet = now - self._since
        if step != self._step:
            if self._told:
                text = f"a step came after {duration(quiet)} without one; training goes on"
                self._event("note", step, text=text, by="worker")
            self._longest = max(self._longest, quiet)
            self._step, self._since, self._told = step, now, False
        elif not self._told and quiet > stall.QUIET:
            self._ask(quiet)

    def _ask(self, quiet: float) -> None:
        frames = stack(self._thread)
        if stands_in(frames, self._held) and not stands_in(frames, OBEYS):
            self._since = self._looked  # paused: that is no time of training
            return
        if not stands_in(frames, self._loop) and quiet <= max(LONG, stall.GAPS * self._longest):
            return
        window = self._rounds.window(now=0.0)
        if len(window):
            last = float(window.column("time")[-1])
        else:
            last = self._since
            window = replace(window, system={"time": np.array([last])})
        finding = stall.rule(replace(window, now=last + quiet))
        if finding is None:
            return
        self._told = True
        self.dump()
        fields = finding.as_dict()
        fields["evidence"] |= {"stack": [words(frame) for frame in frames[-FRAMES:]]}
        self._event("finding", fields.pop("step"), **fields)
