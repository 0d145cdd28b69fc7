"""Wait for a run while it trains in its own process, and hand every interruption to the person."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from tuiwb.base.errors import UserError
from tuiwb.cli import output
from tuiwb.cli.progress import Reporter, reporter, reporters

if TYPE_CHECKING:
    from tuiwb.run.view import RunView

POLL_S = 0.25

Start = Callable[[], Path]
"""Starts a run and says where it is."""


class _Terminated(KeyboardInterrupt):
    """SIGTERM: somebody ended us without being there to answer questions."""


class Detached(Exception):
    """The person left; the run trains on."""


class Interrupted(Exception):
    """The run was stopped because we were asked to end; ``view`` is how it ended."""

    def __init__(self, view: RunView) -> None:
        super().__init__(view.status.words)
        self.view = view


def wait(path: Path, interval: float, new: bool = True) -> RunView:
    """Follow the run at ``path`` to its end, with progress on stderr.

    Ctrl-C on a terminal asks whether to detach or to stop the run; elsewhere it stops the run, as
    SIGTERM does. A ``new`` run that its worker refuses before step 1 leaves nothing behind: its
    folder is removed and the worker's `UserError` raised.
    """
    show = reporter(interval)
    stopping = False
    with _terminate_as_interrupt():
        while True:
            try:
                view = _to_the_end(path, show)
                break
            except KeyboardInterrupt as interruption:
                show.close()
                wish = "detach" if stopping else wish_of(interruption)
                if wish == "detach":
                    raise Detached from None
                if wish == "stop":
                    stopping = True
                    _stop(path)
            finally:
                show.close()
    if new:
        _refused(view)
    if stopping:
        raise Interrupted(view)
    return view


def wait_all(
    starts: Sequence[Start],
    jobs: int,
    interval: float,
    ended: Callable[[Sequence[RunView]], None] = lambda views: None,
) -> list[RunView]:
    """Start runs and follow them to their ends, ``jobs`` of them at a time, in the order given.

    ``ended`` is told the views of all runs up to the first one that is not over, whenever that row
    grows. An interruption is put to the person as in `wait`, once for all runs: `Detached` leaves
    those that have begun and starts no other; `Interrupted` comes when all have stopped.
    """
    over: list[RunView] = []
    if jobs == 1:
        for start in starts:
            over.append(wait(start(), interval))
            ended(over)
        return over
    show = reporters(interval)
    begun: list[Path] = []
    views: dict[Path, RunView] = {}
    readers: dict[Path, Iterator[RunView]] = {}
    stopping = False
    with _terminate_as_interrupt():
        while True:
            try:
                while len(readers) < jobs and len(begun) < len(starts) and not stopping:
                    path = starts[len(begun)]()
                    begun.append(path)
                    readers[path] = _looks(path)
                for path, looks in list(readers.items()):
                    views[path] = view = next(looks)
                    show.update(view)
                    if view.status.ended_now and not view.behind:
                        del readers[path]
                        _refused(view)
                while len(over) < len(begun) and begun[len(over)] not in readers:
                    over.append(views[begun[len(over)]])
                    if not stopping:
                        ended(over)
                if not readers and (stopping or len(begun) == len(starts)):
                    break
                time.sleep(POLL_S)
            except KeyboardInterrupt as interruption:
                wish = "detach" if stopping else wish_of(interruption)
                if wish == "detach":
                    raise Detached from None
                if wish == "stop":
                    stopping = True
                    for path in readers:
                        _stop(path)
            except BaseException:
                for path in readers:
                    _stop(path)
                raise
    if stopping and over:
        raise Interrupted(over[-1])
    if stopping:
        raise KeyboardInterrupt
    return over


def _looks(path: Path) -> Iterator[RunView]:
    """Views of one run, one a call, that never wait."""
    from tuiwb.client.follow import follow

    return follow(path, 0.0, sleep=lambda seconds: None)


def _to_the_end(path: Path, show: Reporter) -> RunView:
    from tuiwb.client.follow import follow

    view = None
    for view in follow(path, POLL_S):
        show.update(view)
    assert view is not None, "follow gives at least one view"
    return view


def wish_of(interruption: KeyboardInterrupt) -> str:
    """What is to become of an interrupted run: ``detach``, ``stop`` or ``continue``."""
    asked_to_end = isinstance(interruption, _Terminated)
    if asked_to_end or not (sys.stdin.isatty() and sys.stderr.isatty()):
        output.say("interrupted: stopping the run (once more to leave it to itself)")
        return "stop"
    while True:
        try:
            sys.stderr.write("\n[d]etach (training goes on), [s]top the run, or [c]ontinue? ")
            sys.stderr.flush()
            answer = sys.stdin.readline().strip().lower()
        except KeyboardInterrupt:
            return "detach"
        if not answer or "detach".startswith(answer):
            return "detach"
        if "stop".startswith(answer):
            return "stop"
        if "continue".startswith(answer):
            return "continue"


def _stop(path: Path) -> None:
    from tuiwb.client.commands import send

    send(path, "stop", by="cli")


def _refused(view: RunView) -> None:
    """Undo a run that never took a step because of something the user can put right."""
    error = view.status.error
    if view.status.state != "failed" or view.status.step or not error:
        return
    told = UserError.from_dict(error)
    if told.exit_code == UserError.exit_code:
        shutil.rmtree(view.path, ignore_errors=True)
        raise told


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """SIGTERM stops the run as Ctrl-C in a script does, for as long as we follow."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
