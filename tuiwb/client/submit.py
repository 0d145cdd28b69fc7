"""From a resolved spec to a run that waits in Slurm's queue: the folder, the script, the job."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tuiwb.base import consent
from tuiwb.base.errors import UserError
from tuiwb.client import slurm
from tuiwb.client.job import Job, script
from tuiwb.run import queued
from tuiwb.run.create import check_name, create, next_name
from tuiwb.run.files import replace
from tuiwb.run.layout import RunPaths
from tuiwb.run.person import user
from tuiwb.run.view import RunView
from tuiwb.spec import Resolved


def submit(
    resolved: Resolved,
    runs: Path,
    job: Job,
    *,
    name: str | None = None,
    argv: Sequence[str] = (),
) -> tuple[Path, str]:
    """Create a run and submit it; its folder, and the job's number.

    Raises `UserError`, and leaves nothing behind: a spec that names code which is not allowed, a
    folder that cannot be made, no Slurm here, a job that Slurm refuses.
    """
    consent.check(resolved.spec.model.name)
    slurm.needs("sbatch")
    path = create(runs, resolved, name=name, argv=argv, world=job.world)
    paths = RunPaths(path)
    try:
        replace(paths.job, script(path, job).encode())
        number = slurm.submit(paths.job)
    except (OSError, UserError) as error:
        shutil.rmtree(path, ignore_errors=True)  # nobody has seen more of it than its name
        if isinstance(error, OSError):
            raise UserError(
                f"cannot write the job's script: {error.strerror}", where=str(paths.job)
            ) from None
        raise
    with contextlib.suppress(OSError):
        queued.enter(paths, number, new=True)
    return path, number


def draft(resolved: Resolved, runs: Path, job: Job, name: str | None = None) -> str:
    """The script that `submit` would hand to sbatch now."""
    if name is not None:
        check_name(name, runs)
    return script(runs / (name or next_name(runs, resolved)), job).rstrip("\n")


def tell(view: RunView, command: str, by: str) -> dict[str, Any]:
    """What a queued run is told: nobody listens yet, but it can be taken out of the queue. The
    answer is as a worker's would be."""
    paths = RunPaths(view.path)
    if command != "stop":
        raise UserError(
            f"{view.id} is queued: it cannot be told to {command} before its worker has begun",
            where=str(view.path),
            found=view.status.words,
            allowed="stop, which takes it out of the queue",
        )
    job = queued.job_of(paths)
    # where the folder was copied to there may be no Slurm, or one whose job of that number is
    # another's
    if job and shutil.which("squeue") is not None:
        waiting = slurm.queue().get(job)
        if waiting is not None and waiting.name == paths.id:
            slurm.cancel(job)
    queued.leave(paths, f"{user()} took it out of the queue", view.status.step)
    step = view.status.step
    return {"time": time.time(), "step": step, "command": command, "by": by, "accepted": True}


def waits(path: Path, words: str, jobs: Mapping[str, slurm.Waiting] | None) -> str:
    """The ``words`` of a queued run's state with what Slurm's list of ``jobs`` says of it (None: it
    could not be asked): ``queued (Slurm job 123: pending, Priority)``."""
    job = queued.job_of(RunPaths(path))
    if jobs is None or not job:
        return words
    found = jobs.get(job)
    there = found is not None and found.name == path.name
    told = found.words if found is not None and there else "not in the queue any more"
    return f"{words.removesuffix(')')}: {told})"
