"""Commands that steer a run: ``ctl``."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuiwb.cli import output
from tuiwb.cli.options import Json, Runs, runs_folder
from tuiwb.cli.studies import studied, study_words

if TYPE_CHECKING:
    from tuiwb.run.view import RunView

PLACE = 3
STUDYING = 300.0
"""Seconds that a study may take at least: of a large model it takes minutes."""
app = typer.Typer()


class Command(StrEnum):
    """What a run can be told."""

    stop = "stop"
    pause = "pause"
    resume = "resume"
    step = "step"
    set = "set"
    probe = "probe"


@app.command()
def ctl(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run's id, the beginning of one, or its folder.")
    ],
    command: Annotated[
        Command,
        typer.Argument(metavar="COMMAND", help="stop, pause, resume, step N, set ... or probe ..."),
    ],
    given: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[N | KEY=VALUE ... | STUDY]",
            help="How many steps a paused run takes (1 unless said); what to set: optim.lr=0.003; "
            "which study to take: sharpness",
        ),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option("--timeout", metavar="SECONDS", min=0.1, help="How long to wait for the run."),
    ] = 30.0,
    json: Json = False,
    runs: Runs = None,
) -> None:
    """Steer a run: stop, pause, resume, step N, set KEY=VALUE; prints the step of obeying.

    Or probe STUDY: an expensive look at the whole model; prints its figures, and changes nothing.
    """
    from tuiwb.api import open_run
    from tuiwb.base.errors import UserError
    from tuiwb.client.commands import send, wait
    from tuiwb.client.runs import find

    texts = given or []
    args = _plain(run, command, texts)
    path = find(runs_folder(runs), run)
    view = open_run(path)
    status = view.status
    if status.state in ("finished", "stopped", "diverged", "failed", "crashed"):
        raise UserError(
            f"{path.name} is over and takes no commands",
            where=str(path),
            found=status.words or status.state,
            allowed="a run that is training",
            next="tuiwb ls lists the runs and their states",
        )
    if command is Command.set:
        args = _settings(view, texts)
    if command is Command.probe:
        timeout = max(timeout, STUDYING)
    answer = wait(path, send(path, command.value, args, by="cli"), timeout)
    told = studied(open_run(path), answer) if command is Command.probe else None
    if json:
        output.emit_json(answer if told is None else answer | {"figures": told["figures"]})
    if not answer.get("accepted"):
        raise UserError(
            f"{path.name} refused to {command.value}", found=str(answer.get("reason") or "")
        )
    if told is not None and not json:
        output.emit(f"{path.name}  {study_words(told)}")
    elif not json:
        words = " ".join([command.value, *(texts if command is Command.set else [])])
        output.emit(f"{path.name}  {words}  at step {answer.get('step')}")
        if view.own:
            output.say(
                "the loop is your own and has been told: it ends when it looks at "
                "run.stop_requested, under a trainer after this step"
            )


def _plain(run: str, command: Command, given: list[str]) -> dict[str, Any]:
    """The arguments of a command that takes a number, or nothing; what does not fit is said."""
    from tuiwb.base.errors import UserError

    if command is Command.probe:
        return _study(run, given)
    if command is Command.set or not given:
        return {}
    if command is not Command.step:
        next = f"tuiwb ctl {run} step {given[0]} takes steps of a paused run"
        if "=" in given[0]:
            next = f"tuiwb ctl {run} set {' '.join(given)} changes knobs"
        raise UserError(f"{command.value} takes nothing more", found=" ".join(given), next=next)
    if len(given) > 1 or not given[0].isdecimal() or int(given[0]) < 1:
        raise UserError(
            "step takes one whole number",
            found=" ".join(given),
            allowed="a number of steps >= 1",
        )
    return {"steps": int(given[0])}


def _study(run: str, given: list[str]) -> dict[str, Any]:
    """The study's name, which must be one."""
    from tuiwb.base.errors import UserError
    from tuiwb.spec.declarations import STUDIES

    if len(given) != 1:
        raise UserError(
            "probe takes the name of one study",
            found=" ".join(given) or "none",
            allowed=", ".join(STUDIES.names()),
            next=f"tuiwb ctl {run} probe {STUDIES.names()[0]}",
        )
    STUDIES.path(given[0], "ctl probe")
    return {"study": given[0]}


def _settings(view: RunView, texts: list[str]) -> dict[str, Any]:
    """The values to set, checked against the run's own spec before anything is sent."""
    from tuiwb.base.errors import UserError
    from tuiwb.client.settings import in_force
    from tuiwb.spec.hot import hot_keys, read_settings, with_settings

    spec = in_force(view)
    if not texts:
        raise UserError(
            "set takes what to change",
            allowed=", ".join(hot_keys(spec)),
            next=f"tuiwb ctl {view.id} set optim.lr=0.001",
        )
    try:
        settings = read_settings(spec, texts)
        with_settings(spec, settings)
    except UserError as error:
        error.next = error.next.replace("RUN/", f"{view.path}/")
        raise
    return settings
