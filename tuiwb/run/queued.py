"""A run that waits in a batch system's queue: who put it there says so in its journal.

Only while no worker has the run: it is written under the run's lock, and a worker that has come
already speaks for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tuiwb.base.errors import UserError
from tuiwb.run.facts import QUEUED
from tuiwb.run.journal import Journal, last_events
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import WorkerLock


def enter(paths: RunPaths, job: str, new: bool = False) -> bool:
    """Journal that the run waits as Slurm job ``job``; false where a worker has it, or, of a
    ``new`` run, has had it already. Raises OSError."""
    try:
        with _alone(paths) as journal:
            if new and any(event["kind"] == "state" for event in last_events(paths.journal)):
                return False
            journal.write("state", state=QUEUED, doing=f"Slurm job {job}", job=job)
    except UserError:
        return False
    return True


def leave(paths: RunPaths, reason: str, step: int = 0) -> None:
    """Journal that the run waits no more and is not trained: ``stopped``. `UserError` where a
    worker has it by now."""
    with _alone(paths) as journal:
        journal.write("state", step or None, state="stopped", reason=reason)


def job_of(paths: RunPaths) -> str:
    """The job as which a queued run waits; empty where nobody said, or not a number."""
    for event in reversed(last_events(paths.journal)):
        if event["kind"] == "state" and event.get("state") == QUEUED:
            job = event.get("job")
            return job if isinstance(job, str) and job.isdecimal() and job.isascii() else ""
    return ""


@contextmanager
def _alone(paths: RunPaths) -> Iterator[Journal]:
    """The journal while nobody trains the run; the lock goes on naming who did so last."""
    lock = WorkerLock(paths.lock)
    lock.acquire(sign=False)
    try:
        with Journal(paths.journal) as journal:
            yield journal
    finally:
        lock.release()
