"""Slurm, through its own commands: what they say, and their refusals as errors of ours."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from tuiwb.base.errors import UserError
from tuiwb.base.text import one_line

PATIENCE = 120.0
"""Seconds for a command that changes something; a busy controller takes its time."""
GLANCE = 5.0
"""Seconds for a look at the queue, which nobody should wait for."""
UNKNOWN = "invalid job id"
"""What Slurm says of a job that it has forgotten."""


class Refused(UserError):
    """A command of Slurm's that is not there, or says no."""


def needs(command: str) -> str:
    """Where a command of Slurm's is; `Refused` where this machine has none."""
    if (found := shutil.which(command)) is None:
        raise Refused(
            f"there is no {command} here: this machine cannot speak to Slurm",
            where="PATH",
            allowed="a machine from which jobs are submitted, such as a cluster's login node",
            next="--dry-run prints the script, to be submitted from where sbatch is; "
            "tuiwb run PRESET trains on this machine",
        )
    return found


def ask(command: str, *arguments: str, patience: float = PATIENCE) -> str:
    """Run one of Slurm's commands; what it prints. Its refusal is a `Refused` in its own words."""
    line = [needs(command), *arguments]
    try:
        done = subprocess.run(
            line,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=patience,
        )
    except subprocess.TimeoutExpired:
        raise Refused(
            f"{command} gave no answer in {patience:g} s",
            where=line[0],
            next="see whether Slurm is up with: sinfo",
        ) from None
    except OSError as error:
        raise Refused(f"cannot run {command}: {error.strerror}", where=line[0]) from None
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Refused(
            f"{command} refuses",
            where=one_line(" ".join([command, *arguments]), 300),
            found="\n".join(one_line(text, 300) for text in words[-6:])
            or f"exit code {done.returncode}, without a word",
        )
    return done.stdout


def submit(script: Path) -> str:
    """Submit a batch script; the job's number."""
    told = ask("sbatch", "--parsable", str(script)).strip()
    job = told.splitlines()[-1].partition(";")[0].strip() if told else ""
    if not job.isdecimal():
        raise Refused(
            "sbatch did not name a job", found=one_line(told, 300) or "nothing", allowed="a number"
        )
    return job


def cancel(job: str) -> None:
    """Take a job out of the queue; one that Slurm knows no more is out of it already."""
    try:
        ask("scancel", job)
    except Refused as error:
        if UNKNOWN not in error.found.lower():
            raise


def requeue(job: str) -> None:
    """Put a job that runs back into the queue. Slurm ends what is left of it."""
    ask("scontrol", "requeue", job)


class Waiting(NamedTuple):
    """A job in the queue: its name, and its state with the reason for it in words."""

    name: str
    words: str


def queue(patience: float = PATIENCE) -> dict[str, Waiting]:
    """One's own jobs by their numbers. `Refused` where Slurm cannot be asked."""
    lines = ask("squeue", "--me", "--noheader", "--format=%A|%T|%r|%j", patience=patience)
    jobs: dict[str, Waiting] = {}
    for line in lines.splitlines():
        job, state, reason, name = (*line.strip().split("|", 3), "", "", "")[:4]
        known = reason if reason not in ("", "None") else ""
        words = ", ".join(part for part in (state.lower(), known) if part)
        jobs[job] = Waiting(one_line(name, 200), one_line(words, 100))
    return jobs


def glance() -> dict[str, Waiting] | None:
    """`queue`, as far as nobody has to wait for it; None where Slurm cannot be asked."""
    try:
        return queue(GLANCE)
    except Refused:
        return None
