"""From a sweep's folder to its end: one controller at a time holds the lock and goes on with it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence

from tuiwb.base import descriptors
from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.client.process import environment, keep
from tuiwb.client.standby import Standby
from tuiwb.run.journal import Journal, events
from tuiwb.run.lock import WorkerLock, holder
from tuiwb.search import sweep as sweeps
from tuiwb.search.controller import Controller
from tuiwb.search.ledger import Ledger
from tuiwb.search.places import SweepPaths
from tuiwb.search.pruners import PRUNERS
from tuiwb.search.runner import Runner, Runs
from tuiwb.search.samplers import Sampler

FILES = 8
"""Files that one trial keeps open while it is followed, and some to spare."""


class Conducted:
    """A controller with its lock and its journal, as a context: ``with Conducted(...) as c:``.

    `UserError` where another one has the sweep, or the sweep does not hold together.
    """

    def __init__(
        self,
        paths: SweepPaths,
        *,
        jobs: int | None = None,
        argv: Sequence[str] = (),
        standby: Standby | None = None,
        runner: Runner | None = None,
        told: Callable[[str], None] = lambda words: None,
        retry_failed: bool = False,
    ) -> None:
        asked = sweeps.read_sweep(paths.sweep)
        base, over = sweeps.check(preset_of(paths, asked), str(paths.sweep))
        self._lock = WorkerLock(paths.lock)
        self._acquire(paths)
        try:
            ledger = Ledger()
            for event in events(paths.journal):
                ledger.add(event)
            first, last = base.spec.train.eval_every, base.spec.train.steps
            sampler = Sampler(
                asked.sampler,
                over,
                asked.trials,
                asked.seed,
                falling=asked.falling,
                apart=True,
                pruner=PRUNERS[asked.pruner](max(1, min(first or last, last)), last),
            )
            self._journal = Journal(paths.journal)
            at_a_time = jobs or asked.jobs
            if asked.population:
                # all in one process, but for those that have to go on by themselves
                at_a_time = max(at_a_time, cores())
            descriptors.allow(FILES * (sampler.size if asked.population else at_a_time) + 64)
        except BaseException:
            self._lock.release()
            raise
        self.controller = Controller(
            asked,
            sampler,
            runner or Runs(paths, asked, ledger.uid, ledger.folder, argv, standby),
            self._journal,
            ledger,
            at_a_time,
            told,
            retry_failed,
        )

    def __enter__(self) -> Controller:
        return self.controller

    def __exit__(self, *_: object) -> None:
        self._journal.close()
        self._lock.release()

    def _acquire(self, paths: SweepPaths) -> None:
        held = holder(paths.lock)
        if held is not None and held.alive:
            raise UserError(
                f"{paths.name} is being conducted already",
                where=str(paths.root),
                found=f"process {held.pid} on {held.host}",
                allowed="one controller a sweep",
                next=f"watch it with: tuiwb sweep show {paths.name}",
            )
        self._lock.acquire()


def preset_of(paths: SweepPaths, asked: sweeps.Sweep) -> sweeps.Sweep:
    """The sweep on its own copy of the preset."""
    import msgspec

    return msgspec.structs.replace(asked, preset=str(paths.preset))


def detach(paths: SweepPaths, jobs: int | None = None, retry_failed: bool = False) -> int:
    """Go on with a sweep in a session of its own; the process that does."""
    more = ["--jobs", str(jobs)] if jobs else []
    more += ["--retry-failed"] if retry_failed else []
    command = [sys.executable, "-P", "-m", "tuiwb", "sweep", "resume", paths.name]
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    log = os.open(paths.log, flags, 0o600)
    try:
        child = subprocess.Popen(
            [*command, "--runs", str(paths.runs), *more],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment(),
            start_new_session=True,
        )
    except OSError as error:
        raise WorkerFailed(f"cannot start the controller: {error.strerror}") from None
    finally:
        os.close(log)
    keep(child)
    return child.pid


def ask_to_stop(paths: SweepPaths) -> None:
    """Ask a sweep's controller, in whatever process, to stop its trials and leave. `UserError`
    where there is none, or none that can be reached from here."""
    held = holder(paths.lock)
    if held is None or not held.alive:
        raise UserError(
            f"nobody conducts {paths.name}: there is nothing to stop",
            where=str(paths.root),
            next=f"tuiwb sweep show {paths.name} shows how it stands",
        )
    if held.host != socket.gethostname():
        raise UserError(
            f"{paths.name} is conducted on another machine",
            found=f"process {held.pid} on {held.host}",
            next=f"on {held.host}: tuiwb sweep stop {paths.name}",
        )
    os.kill(held.pid, signal.SIGTERM)


def too_many(jobs: int) -> str:
    """What to say of more jobs than there are cores to train them; empty where there are enough."""
    there = cores()
    if jobs <= there:
        return ""
    words = "core" if there == 1 else "cores"
    return f"{jobs} jobs on {there} {words}: trials wait for each other, and all become slower"


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
