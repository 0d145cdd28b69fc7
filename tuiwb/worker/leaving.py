"""Signals that ask the worker to leave: obeyed at the next step boundary, and never ignored.

SIGTERM, SIGUSR1 (Slurm's notice before preemption) and SIGINT ask for a checkpoint and a clean
leave. Before the first step there is nothing to keep, and the worker leaves where it stands; where
a library or a finaliser swallows that, it is told again. A step that does not end, in Python or in
a library, is left behind after `GRACE` seconds; a checkpoint under way is not. SIGHUP is ignored:
the terminal may go.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)
GRACE = 4.0
"""Seconds for the step or whatever else is under way; whoever sends a SIGTERM counts to five or
more before the SIGKILL."""
AGAIN = 1.0
"""Seconds after which a main thread that has not left, though nothing is lost by that, is told so
again."""
LOOK_EVERY = 0.25
"""Seconds between looks whether a checkpoint that may end in peace has ended."""


class Leave(BaseException):
    """Raised where the main thread stands, as long as nothing is lost by that; the argument is the
    signal's name. Not an `Exception`: no library's error handling may take it for its own."""


class Leaving:
    """The signal handlers of this process, from `listening` on."""

    def __init__(self) -> None:
        self.asked: str | None = None
        """The name of the first signal that came."""
        self.answered = False
        """Whether the loop is leaving for it: a checkpoint then takes the time that it takes."""
        self.busy: Callable[[], bool] = lambda: False
        """Whether the main thread does what must not be cut off: it writes the last checkpoint."""
        self.at_once: Callable[[str, str], None] = lambda name, reason: None
        """Says the last words from beside the main thread, before the process ends."""
        self._free = False
        self._over = threading.Event()

    def nothing_to_keep(self) -> None:
        """From now on a signal ends things where the main thread stands."""
        self._free = True
        if self.asked is not None:
            raise Leave(self.asked)

    def keep(self) -> None:
        """From now on the main thread comes to an end of its own."""
        self._free = False

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Install the handlers; put everything back at the end. Elsewhere than in the main thread
        nobody listens."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        # written to by the system's own handler, also while the main thread is held in a library
        before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        handlers = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        handlers[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        guard = threading.Thread(target=self._guard, args=(reading,), name="leaving", daemon=True)
        guard.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        try:
            yield
        finally:
            self._free = False
            self._over.set()
            os.write(writing, b"\0")
            guard.join()
            signal.set_wakeup_fd(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            os.close(reading)
            os.close(writing)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.asked is None:
            self.asked = signal.Signals(number).name
        if self._free:
            raise Leave(self.asked)

    def _guard(self, reading: int) -> None:
        """Wait for a signal, then for the main thread to answer it; end the process where it does
        not."""
        first: signal.Signals | None = None
        deadline = again = math.inf
        while not self._over.is_set():
            wait = None
            if first is not None and not self.answered:
                wait = max(0.0, min(deadline, again) - time.monotonic())
            if select.select([reading], [], [], wait)[0]:
                came = [number for number in os.read(reading, 64) if number in SIGNALS]
                if came and first is None:
                    first = signal.Signals(came[0])
                    deadline, again = (time.monotonic() + after for after in (GRACE, AGAIN))
            elif first is None or self.answered:
                continue
            elif time.monotonic() >= deadline:
                if not self.busy():
                    self._end(first.name)
                deadline = time.monotonic() + LOOK_EVERY
            else:
                if self._free:
                    signal.pthread_kill(threading.main_thread().ident or 0, first)
                again = time.monotonic() + AGAIN

    def _end(self, name: str) -> None:
        if self._over.is_set():
            return  # the last words are said already
        try:
            self.at_once(name, f"what was under way did not end within {GRACE:g} s")
        finally:
            os._exit(0)


def hold() -> None:
    """Let signals wait until `Leaving.listening`: those that come while a process starts."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
