"""Commands that keep the runs in order: ``note``, ``tag``, ``mv``, ``rm`` and ``prune``."""

from __future__ import annotations

from typing import Annotated

import typer

from tuiwb.cli import output
from tuiwb.cli.options import Json, Runs, runs_folder

PLACE = 3.7
app = typer.Typer()

Run = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's id, the beginning of one, or its folder.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it, and ask nothing.")]


@app.command()
def note(
    run: Run,
    text: Annotated[list[str], typer.Argument(metavar="TEXT...", help="One line, in your words.")],
    json: Json = False,
    runs: Runs = None,
) -> None:
    """Write a line about a run, live or over, into its journal."""
    from tuiwb.client.notes import note as write
    from tuiwb.client.runs import find

    path = find(runs_folder(runs), run)
    event = write(path, " ".join(text))
    if json:
        output.emit_json(event)
    else:
        output.emit(f"{path.name}  noted at step {event.get('step') or 0}")


@app.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
def tag(
    run: Run,
    change: Annotated[
        list[str] | None,
        typer.Argument(metavar="[+TAG|-TAG...]", help="Tags to add (+) and to take away (-)."),
    ] = None,
    json: Json = False,
    runs: Runs = None,
) -> None:
    """Add tags to a run and take some away; prints those it has. `prune` never takes +keep."""
    from tuiwb.client.runs import find
    from tuiwb.run.checking import check
    from tuiwb.run.labels import change_tags, read_tags
    from tuiwb.run.layout import RunPaths

    path = find(runs_folder(runs), run)
    paths = RunPaths(path)
    check(paths)
    texts = change or []
    drop = [text[1:] for text in texts if text.startswith("-")]
    add = [text.removeprefix("+") for text in texts if not text.startswith("-")]
    tags = change_tags(paths, add, drop) if texts else list(read_tags(paths))
    if json:
        output.emit_json({"run": path.name, "tags": tags})
    else:
        output.emit(f"{path.name}  {' '.join(tags) or 'no tags'}")


@app.command()
def mv(
    run: Run,
    new: Annotated[str, typer.Argument(metavar="NEW", help="What it is called from now on.")],
    runs: Runs = None,
) -> None:
    """Rename a run that is over; its forks find it under the new name."""
    from tuiwb.client.runs import find
    from tuiwb.run.place import rename

    path = find(runs_folder(runs), run)
    output.emit(f"{path.name} is now {rename(path, new).name}")


@app.command()
def rm(
    run: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="Runs, by their ids or their folders.")
    ],
    yes: Yes = False,
    runs: Runs = None,
) -> int:
    """Delete runs that are over, with all their files; asks first."""
    from tuiwb.cli import keeping

    chosen = keeping.chosen(runs_folder(runs), run, whole_names=yes)
    if not yes and not keeping.agreed(chosen):
        output.say("nothing is deleted")
        return 0
    return keeping.delete([summary.path for summary, _ in chosen])


@app.command()
def prune(
    older: Annotated[
        str | None,
        typer.Option(
            "--older-than", metavar="TIME", help="Only runs that ended so long ago: 12h, 30d, 8w."
        ),
    ] = None,
    larger: Annotated[
        str | None,
        typer.Option("--larger-than", metavar="SIZE", help="Only runs that take more: 500MB, 2GB."),
    ] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            "--state", metavar="STATE,...", help="Only runs that ended so: failed,crashed."
        ),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="TAG,...", help="Only runs tagged so.")
    ] = None,
    preset: Annotated[
        list[str] | None,
        typer.Option("--preset", metavar="PRESET,...", help="Only runs of these presets."),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option("--keep", metavar="N", min=0, help="Leave the newest N of all runs."),
    ] = None,
    checkpoints_only: Annotated[
        bool,
        typer.Option(
            "--checkpoints-only", help="Delete only checkpoints; curves, journal and pictures stay."
        ),
    ] = False,
    yes: Yes = False,
    json: Json = False,
    runs: Runs = None,
) -> int:
    """Delete runs by age, size and state; prints what would go, and --yes does it.

    A run goes that is all that was asked. Live runs stay, and those that are tagged keep. The forks
    of a run that goes have all they need.
    """
    from tuiwb.base.quantity import bytes_of, seconds_of
    from tuiwb.cli import keeping
    from tuiwb.client.prune import Rules
    from tuiwb.client.select import wanted

    rules = Rules(
        wanted(state or (), tag or (), preset or ()),
        None if older is None else seconds_of(older, "--older-than"),
        None if larger is None else bytes_of(larger, "--larger-than"),
        keep,
        checkpoints_only,
    )
    return keeping.prune(runs_folder(runs), rules, yes, json)
