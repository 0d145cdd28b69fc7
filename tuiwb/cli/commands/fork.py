"""Commands that make a run from another: ``fork`` and ``replay``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tuiwb.cli import output, ranks
from tuiwb.cli.options import (
    AllowCode,
    Detach,
    Interval,
    Json,
    Name,
    Runs,
    Settings,
    runs_folder,
)

PLACE = 3.5
app = typer.Typer()

Run = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's id, the beginning of one, or its folder.")
]


@app.command()
def fork(
    run: Run,
    at: Annotated[
        int | None,
        typer.Option(
            "--at", metavar="STEP", min=0, help="The checkpoint to go on from; else the newest."
        ),
    ] = None,
    settings: Settings = None,
    nproc: ranks.Others = None,
    allow_code: AllowCode = False,
    detach: Detach = False,
    name: Name = None,
    json: Json = False,
    runs: Runs = None,
    interval: Interval = 5.0,
) -> int:
    """Start a child run from a checkpoint of another, with other knobs; the parent stays as it is.

    The child begins as the parent was after STEP, with what had been set in it by then, and trains
    on. Knobs that a run begins with (its model, data, initialisation) cannot differ.
    """
    from tuiwb.cli.consent import settle_run
    from tuiwb.cli.training import attend
    from tuiwb.client.fork import fork as start
    from tuiwb.client.fork import prepare
    from tuiwb.client.runs import find

    folder = runs_folder(runs)
    parent: Path = find(folder, run)
    prepared = prepare(parent, at, overrides=settings or ())
    settle_run(parent, allow_code)
    ranks.count(nproc or 1)
    path = start(prepared, folder, settings or (), name=name, argv=tuple(sys.argv), processes=nproc)
    output.say(f"{path.name} goes on from step {prepared.step} of {prepared.parent.id}")
    return attend(path, detach, json, interval)


@app.command()
def replay(
    run: Run,
    allow_code: AllowCode = False,
    detach: Detach = False,
    name: Name = None,
    json: Json = False,
    runs: Runs = None,
    interval: Interval = 5.0,
) -> int:
    """Train a run once more: what was set while it trained is set again at the same steps.

    On the same machine the losses are the same. A forked run is repeated from its fork.
    """
    from tuiwb.cli.consent import settle_run
    from tuiwb.cli.training import attend
    from tuiwb.client.replay import replay as start
    from tuiwb.client.runs import find

    folder = runs_folder(runs)
    source: Path = find(folder, run)
    settle_run(source, allow_code)
    path = start(source, folder, name=name, argv=tuple(sys.argv))
    output.say(f"{path.name} repeats {source.name}")
    return attend(path, detach, json, interval)
