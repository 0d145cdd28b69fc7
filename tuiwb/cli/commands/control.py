"""Commands that steer a run: ``ctl``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from tuiwb.cli import output
from tuiwb.cli.options import Json, Runs, runs_folder

PLACE = 3
app = typer.Typer()


class Command(StrEnum):
    """What a run can be told."""

    stop = "stop"
    pause = "pause"
    resume = "resume"
    step = "step"


@app.command()
def ctl(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run's id, the beginning of one, or its folder.")
    ],
    command: Annotated[
        Command, typer.Argument(metavar="COMMAND", help="stop, pause, resume, or step N")
    ],
    steps: Annotated[
        int | None,
        typer.Argument(metavar="N", min=1, help="How many steps a paused run takes; 1 unless said"),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option("--timeout", metavar="SECONDS", min=0.1, help="How long to wait for the run."),
    ] = 30.0,
    json: Json = False,
    runs: Runs = None,
) -> None:
    """Steer a run: stop, pause, resume, step N; prints the step at which it obeyed."""
    from tuiwb.api import open_run
    from tuiwb.base.errors import UserError
    from tuiwb.client.commands import send, wait
    from tuiwb.client.runs import find

    if steps is not None and command is not Command.step:
        raise UserError(
            f"{command.value} takes no number",
            found=str(steps),
            next=f"tuiwb ctl {run} step {steps} takes steps of a paused run",
        )
    path = find(runs_folder(runs), run)
    status = open_run(path).status
    if status.state in ("finished", "stopped", "diverged", "failed", "crashed"):
        raise UserError(
            f"{path.name} is over and takes no commands",
            where=str(path),
            found=status.words or status.state,
            allowed="a run that is training",
            next="tuiwb ls lists the runs and their states",
        )
    args = {} if steps is None else {"steps": steps}
    answer = wait(path, send(path, command.value, args, by="cli"), timeout)
    if json:
        output.emit_json(answer)
    if not answer.get("accepted"):
        raise UserError(
            f"{path.name} refused to {command.value}", found=str(answer.get("reason") or "")
        )
    if not json:
        output.emit(f"{path.name}  {command.value}  at step {answer.get('step')}")
