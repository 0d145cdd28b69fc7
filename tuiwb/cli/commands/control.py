"""Commands that steer a run: ``ctl``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from tuiwb.cli import asking, output
from tuiwb.cli.options import Json, Runs, runs_folder
from tuiwb.cli.studies import study_words

PLACE = 3
app = typer.Typer()


class After(StrEnum):
    """When a stop takes effect."""

    step = "step"
    epoch = "epoch"
    now = "now"


@app.command()
def ctl(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run's id, the beginning of one, or its folder.")
    ],
    command: Annotated[
        str | None,
        typer.Argument(
            metavar="[COMMAND]",
            help="pause, resume, step, set, evaluate, checkpoint, picture, note, probe or stop; "
            "without one, all that this run can be told.",
        ),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[N | KEY=VALUE ... | STUDY | TEXT]",
            help="How many steps a paused run takes (1 unless said); what to set: optim.lr=0.003; "
            "which study to take: sharpness; what to note",
        ),
    ] = None,
    after: Annotated[
        After | None,
        typer.Option(
            "--after",
            metavar="step|epoch|now",
            help="When it stops: after this step (unless said), after this epoch, or now, which "
            "breaks off an evaluation too.",
        ),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option("--timeout", metavar="SECONDS", min=0.1, help="How long to wait for the run."),
    ] = 30.0,
    json: Json = False,
    runs: Runs = None,
) -> None:
    """Steer a run: pause, set KEY=VALUE, checkpoint, stop, ...; prints the step of obeying.

    Alone it lists what the run can be told. Every command works while it is paused, at once. A
    checkpoint is on disk when this returns. Studies, evaluations, pictures and notes change no bit
    of the training.
    """
    from tuiwb.api import open_run
    from tuiwb.client.answers import in_words
    from tuiwb.client.commands import ended
    from tuiwb.client.control import refused, settings_of, tell
    from tuiwb.client.runs import find

    texts = given or []
    if command is not None:
        asking.known(command)
        args = asking.plain(run, command, texts, after)
    view = open_run(find(runs_folder(runs), run))
    if view.status.ended_now:
        raise ended(view)
    if command is None:
        if json:
            rows = [
                {"command": name, "takes": takes, "does": words}
                for name, takes, words in asking.told(view)
            ]
            output.emit_json({"run": view.id, "commands": rows, "set": asking.hot(view)})
        else:
            output.emit(asking.listing(view))
        return
    if command == "set":
        args = settings_of(view, texts)
    answer = tell(view, command, args, "cli", timeout)
    if json:
        output.emit_json(answer)
    if not answer.get("accepted"):
        raise refused(view.id, answer)
    if not json:
        words = study_words({**answer, "name": args["study"]}) if "figures" in answer else ""
        output.emit(f"{view.id}  {words or in_words(answer)}")
