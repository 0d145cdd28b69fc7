"""What a batch job does when Slurm wants its place: ``python -m tuiwb.client.preempted``.

``leave RUN`` asks the worker for a checkpoint and to leave, by way of the run's inbox, as all ranks
on all nodes must do so at the same step. ``requeue RUN JOB`` puts the job back into the queue once
the worker has gone, unless the run is over for another reason.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tuiwb.base.errors import UserError
from tuiwb.client import slurm
from tuiwb.run import inbox, queued
from tuiwb.run.layout import RunPaths
from tuiwb.run.reader import RunReader

BY = "slurm"
AGAIN = ("stopped", "crashed", "queued", "starting")
"""States in which a run whose worker has gone is worth another start."""
CODES = {"failed": 4, "diverged": 3}


def leave(path: Path) -> int:
    """Ask for a checkpoint and a stop, now; it is not waited for."""
    with RunReader(path) as reader:
        over = reader.poll(None).status.ended_now
    if not over:
        inbox.post(RunPaths(path), "stop", {"when": "now"}, BY, who="Slurm")
    return 0


def requeue(path: Path, job: str) -> int:
    """Put the job back into the queue and say so in the run; the exit code of the job."""
    paths = RunPaths(path)
    for asked in inbox.take(paths):
        if asked.by == BY:
            inbox.done(asked)  # its worker went without an answer; the next one is not meant
    with RunReader(path) as reader:
        status = reader.poll(None).status
    if status.state not in AGAIN:
        print(f"{path.name} {status.words}: it is not queued again", file=sys.stderr)
        return CODES.get(status.state, 0)
    queued.enter(paths, job)
    try:
        slurm.requeue(job)
    except UserError as error:
        queued.leave(paths, f"{error.what} to queue it again", status.step)
        raise
    return 0


def main(arguments: Sequence[str]) -> int:
    """Dispatch; the exit status."""
    try:
        match arguments:
            case ["leave", run]:
                return leave(Path(run))
            case ["requeue", run, job]:
                return requeue(Path(run), job)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print("usage: python -m tuiwb.client.preempted leave RUN | requeue RUN JOB", file=sys.stderr)
    return UserError.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
