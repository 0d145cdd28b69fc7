"""``submit``: a run for a cluster's queue."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tuiwb.cli import output
from tuiwb.cli.options import AllowCode, Json, Name, PresetName, Runs, Settings, runs_folder

PLACE = 1.5
app = typer.Typer()


@app.command()
def submit(
    preset: PresetName,
    settings: Settings = None,
    nodes: Annotated[
        int, typer.Option("--nodes", "-N", metavar="N", min=1, help="Machines that train it.")
    ] = 1,
    gpus: Annotated[
        int, typer.Option("--gpus", "-G", metavar="N", min=0, help="GPUs on each of them.")
    ] = 0,
    nproc: Annotated[
        int | None,
        typer.Option(
            "--nproc", metavar="N", min=1, help="Processes on each; else one for each GPU, or one."
        ),
    ] = None,
    time: Annotated[
        str, typer.Option("--time", "-t", metavar="TIME", help="Time limit, as sbatch has it.")
    ] = "",
    partition: Annotated[
        str, typer.Option("--partition", "-p", metavar="NAME", help="Slurm's partition.")
    ] = "",
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--sbatch-arg",
            metavar="OPTION",
            help="Any other option of sbatch, such as --sbatch-arg=--account=physics; repeatable.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the script; make and submit nothing.")
    ] = False,
    name: Name = None,
    allow_code: AllowCode = False,
    json: Json = False,
    runs: Runs = None,
) -> None:
    """Make a run and submit it to Slurm; preempted or out of time, it queues and goes on by itself.

    The script that sbatch is given stays in the run's folder. tuiwb ls and show say how the run
    waits, tuiwb ctl RUN stop takes it out of the queue.
    """
    from tuiwb.cli.consent import settle
    from tuiwb.client import submit as submitting
    from tuiwb.client.job import Job
    from tuiwb.spec import resolve

    job = Job(nodes, gpus, nproc or 0, time, partition, tuple(options or ()))
    resolved = resolve(preset, settings or [])
    settle(resolved, settings or [], allow_code)
    folder = runs_folder(runs)
    if dry_run:
        output.write(submitting.draft(resolved, folder, job, name))
        return
    path, number = submitting.submit(resolved, folder, job, name=name, argv=tuple(sys.argv))
    if json:
        output.emit_json({"run": path.name, "path": path, "job": number})
    else:
        output.emit(f"{path.name}  queued (Slurm job {number})  {path}")
