"""A run as a batch job: the script that Slurm starts, as plain as one written by hand."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tuiwb.base.errors import UserError
from tuiwb.base.text import one_line
from tuiwb.client.process import environment, worker_command
from tuiwb.run.world import MEET, World, meeting_place

NOTICE = 120
"""Seconds before its end at which a job is told, so that a checkpoint can be written."""
MACHINES = r"""
# the first machine leads; where the others find it is known only now
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
export {meet}="$head:$((20000 + SLURM_JOB_ID % 20000))"
srun --kill-on-bad-exit=1 bash -c '
    if [ "$SLURM_PROCID" = 0 ]; then exec {worker} "$1"; fi
    exec {worker} --machine "$SLURM_PROCID" "$1"
' "$python" "$run" &"""


@dataclass(frozen=True)
class Job:
    """What a run asks of Slurm; ``gpus`` and ``processes`` are those of each node, and ``time``,
    ``partition`` and ``options`` are handed on as they are."""

    nodes: int = 1
    gpus: int = 0
    processes: int = 0
    """0: one for each GPU, or one."""
    time: str = ""
    partition: str = ""
    options: tuple[str, ...] = ()
    """More of sbatch's options, such as ``--account=physics``."""

    def __post_init__(self) -> None:
        for name, text in (("--time", self.time), ("--partition", self.partition)):
            if re.search(r"[\s\x00-\x1f]", text):
                raise UserError("not one word", where=name, found=repr(one_line(text, 100)))
        for option in self.options:
            if not re.fullmatch(r"--?[A-Za-z][^\x00-\x1f\x7f]*", option):
                raise UserError(
                    "not an option of sbatch",
                    where="--sbatch-arg",
                    found=repr(one_line(option, 100)),
                    allowed="one that begins with a dash: --sbatch-arg=--account=NAME",
                )

    @property
    def each(self) -> int:
        """Processes on a node."""
        return self.processes or max(1, self.gpus)

    @property
    def world(self) -> World:
        """The processes, on machines that Slurm has yet to choose: they are told by `MEET`."""
        meet = meeting_place("first-of-the-job") if self.nodes > 1 else ""
        return World(self.each, self.nodes, self.nodes, meet)


def script(run: Path, job: Job) -> str:
    """The batch script that trains the run in this folder, and goes on with it."""
    return "\n".join((*_head(run, job), *_body(run, job))) + "\n"


def _head(run: Path, job: Job) -> Iterator[str]:
    log = str(run / "worker.log").replace("%", "%%")
    yield "#!/bin/bash"
    options = [
        f"--job-name={run.name}",
        f"--output={shlex.quote(log)}",
        "--open-mode=append",
        f"--nodes={job.nodes}",
        "--ntasks-per-node=1",
        f"--gpus-per-node={job.gpus}" if job.gpus else "",
        f"--time={job.time}" if job.time else "",
        f"--partition={job.partition}" if job.partition else "",
        "--requeue",
        f"--signal=B:USR1@{NOTICE}",
        *job.options,  # last: what is said twice counts as it is said last
    ]
    yield from (f"#SBATCH {option}" for option in options if option)


def _body(run: Path, job: Job) -> Iterator[str]:
    yield ""
    yield "# However often Slurm starts this job, the run goes on from its newest checkpoint."
    yield f"run={shlex.quote(str(run))}"
    yield f"python={shlex.quote(sys.executable)}"
    if (places := environment().get("PYTHONPATH")) != os.environ.get("PYTHONPATH") and places:
        yield f"export PYTHONPATH={shlex.quote(places)}"
    yield f"""
# {NOTICE} s before its time is over, or before it has to make room, Slurm tells this shell: the
# worker is asked for a checkpoint and leaves, and the job goes back into the queue.
leaving=
trap 'leaving=yes; "$python" -P -m tuiwb.client.preempted leave "$run"' USR1
"""
    yield _launch(job)
    yield """
while true; do
    wait $!  # which the signal interrupts
    status=$?
    kill -0 $! 2>/dev/null || break
done
if [ -n "$leaving" ]; then
    exec "$python" -P -m tuiwb.client.preempted requeue "$run" "$SLURM_JOB_ID"
fi
exit $status"""


def _launch(job: Job) -> str:
    """The worker, which starts as many processes on its machine as the run says."""
    worker = " ".join(worker_command()[1:])
    if job.nodes == 1:
        return f'srun "$python" {worker} "$run" &'
    return MACHINES.lstrip().format(meet=MEET, worker=f'"$0" {worker}')
