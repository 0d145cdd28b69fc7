"""One rank of a run that several processes train: ``python -m tuiwb.worker --rank RUN``, as torch's
launcher starts it.

What ends a run is told once: by rank 0 in the journal, by another one to its launcher. A rank that
has lost another says nothing and leaves with the status `LOST`: the launcher knows whom it has
lost, and starts all of them again.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tuiwb.base.clock import STEADY
from tuiwb.base.errors import UserError
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.meta import read_meta
from tuiwb.run.world import world_of
from tuiwb.worker.failures import words
from tuiwb.worker.going_on import look_back

if TYPE_CHECKING:
    pass

LOST = 75
"""Exit status of a rank whose others have gone: EX_TEMPFAIL."""
LOOK_EVERY = 0.5
"""Seconds between looks whether the launcher lives."""
_SIGNALS = {signal.SIGTERM, signal.SIGUSR1, signal.SIGINT}
_OF_THE_NETWORK = ("gloo/", "NCCL", "Connection closed by peer", "c10d", "TCPStore")
"""Words of errors that torch raises where another rank, or the way to it, has gone."""


def train_rank(run: str) -> int:
    """Train the run with the other ranks; the exit status."""
    paths = RunPaths(Path(run).absolute())
    threading.Thread(target=_under_the_launcher, args=(os.getppid(),), daemon=True).start()
    threading.Thread(target=_heed_signals, args=(os.getppid(),), daemon=True).start()
    number = int(os.environ["RANK"])
    try:
        return _train(paths)
    except BaseException as error:
        if lost(error):
            _print(f"rank {number} has lost another: {str(error).splitlines()[0][:300]}")
            status = LOST
        else:
            _, told, trace = words(error, paths.root)
            _print(trace or str(told))
            tell_the_launcher(number, told, trace)
            status = told.exit_code
        # what torch would wait for at the end of the process does not come any more
        sys.stderr.flush()
        os._exit(status)


def _train(paths: RunPaths) -> int:
    from tuiwb.worker.meeting import meet, part

    world = world_of(read_meta(paths)[0])
    if int(os.environ["RANK"]):
        from tuiwb.worker.following import follow

        follow(paths, meet(paths, world.planned if world else 0))
        part()
        return 0
    from tuiwb.worker.leading import Leading

    before = look_back(paths)
    work = Leading(paths, Journal(paths.journal, STEADY), before, world.planned if world else 0)
    status = work.run()
    part()
    return status


def lost(error: BaseException) -> bool:
    """Whether an error is another rank's: its process or its machine has gone."""
    from torch.distributed import DistError

    text = str(error)
    return isinstance(error, DistError) or (
        isinstance(error, RuntimeError) and any(word in text for word in _OF_THE_NETWORK)
    )


def tell_the_launcher(rank: int, error: UserError, trace: str) -> None:
    """Leave an error where torch's launcher looks for it."""
    place = os.environ.get("TORCHELASTIC_ERROR_FILE")
    told = {**error.as_dict(), "traceback": trace}
    with contextlib.suppress(OSError):
        if place:
            text = {
                "message": error.what,
                "timestamp": int(time.time()),
                "rank": rank,
                "error": told,
            }
            Path(place).write_text(json.dumps(text), "utf-8")


def _under_the_launcher(parent: int) -> None:
    """End where the launcher has gone: nobody would start or stop this rank any more."""
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY)
    os._exit(LOST)


def _heed_signals(parent: int) -> None:
    """Signals are for the launcher, whom they ask to have the run stopped at a step; its own
    SIGTERM says that another rank has gone, and that there is nothing left to do here."""
    while True:
        if hasattr(signal, "sigwaitinfo"):
            came = signal.sigwaitinfo(_SIGNALS)
            number, sender = came.si_signo, came.si_pid
        else:
            number, sender = signal.sigwait(_SIGNALS), parent
        if number == signal.SIGTERM and sender == parent:
            os._exit(LOST)


def _print(text: str) -> None:
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)
