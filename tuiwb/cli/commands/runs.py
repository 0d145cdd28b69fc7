"""Commands that look at runs: ``attach``, ``ls`` and ``show``."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from tuiwb.base.format import duration, number, of
from tuiwb.cli import output
from tuiwb.cli.options import Glyphs, Json, RunName, Runs, glyph_set, runs_folder

PLACE = 2
app = typer.Typer()


@app.command()
def attach(run: RunName = None, runs: Runs = None, glyphs: Glyphs = None) -> int:
    """Open the workbench on a run, live or over, or on a copy of a TensorBoard folder."""
    from tuiwb.cli.screen import open_workbench
    from tuiwb.interop.opening import opened

    folder = runs_folder(runs)
    with opened(folder, run) as source:
        for words in source.said:
            output.say(words)
        place = source.path.parent if source.copied else folder
        return open_workbench(place, source.path, glyph_set(glyphs))


@app.command()
def ls(json: Json = False, runs: Runs = None) -> None:
    """List the runs, newest first."""
    from tuiwb.client.runs import list_runs

    folder = runs_folder(runs)
    listed = list_runs(folder)
    if json:
        keys = ("id", "state", "preset", "step", "steps", "started", "path")
        output.emit_json([{key: getattr(summary, key) for key in keys} for summary in listed])
        return
    if not listed:
        output.say(f"no runs in {folder} yet; tuiwb run PRESET makes one")
        return
    output.emit(
        output.grid(
            ("run", "state", "preset", "step", "loss", "started"),
            [
                (
                    summary.id,
                    _state(summary.state, summary.step),
                    summary.preset or "-",
                    of(summary.step or 0, summary.steps),
                    number(summary.loss),
                    _ago(summary.started),
                )
                for summary in listed
            ],
            right=("step", "loss"),
        )
    )


def _state(state: str, step: int | None) -> str:
    return f"crashed at step {step or 0}" if state == "crashed" else state


def _ago(started: float | None) -> str:
    return "-" if not started else f"{duration(time.time() - started)} ago"


@app.command()
def show(
    run: RunName = None,
    plot: Annotated[
        str,
        typer.Option(
            "--plot",
            metavar="NAME,...",
            help="Plots to print: loss, gradients, evaluation, metrics, lr, layers, activations, "
            "or a metric by its name; empty for none.",
        ),
    ] = "loss,gradients",
    picture: Annotated[
        str | None,
        typer.Option(
            "--picture",
            metavar="NAME",
            help="Print the newest picture of that name instead; list says which there are.",
        ),
    ] = None,
    step: Annotated[
        int | None,
        typer.Option(
            "--step", metavar="N", min=0, help="With --picture: the newest one taken by step N."
        ),
    ] = None,
    discretise: Annotated[
        bool,
        typer.Option(
            "--discretise", help="With --picture: a boundary's answers alone, not how sure."
        ),
    ] = False,
    strip: Annotated[
        bool, typer.Option("--strip", help="With --picture, of images: a row for several steps.")
    ] = False,
    json: Json = False,
    runs: Runs = None,
) -> None:
    """Print a run as one plain frame: state, metrics, plots; or one of its pictures."""
    from tuiwb.api import open_run
    from tuiwb.base.errors import UserError
    from tuiwb.cli import figures, pictures, summary
    from tuiwb.client.runs import find

    asked = {"--step": step is not None, "--discretise": discretise, "--strip": strip}
    if picture in (None, pictures.LIST) and any(asked.values()):
        option = next(name for name, given in asked.items() if given)
        raise UserError(
            f"{option} says which picture, or how, and no picture is asked for",
            where=option,
            next="tuiwb show RUN --picture NAME; --picture list says which there are",
        )
    view = open_run(find(runs_folder(runs), run))
    plots = figures.names(plot, view)
    if picture == pictures.LIST:
        if json:
            output.emit_json(pictures.listed(view))
        else:
            output.emit(pictures.table(view))
    elif picture is not None:
        colour, unicode = output.shows_colour(), output.shows_unicode()
        output.paint(pictures.frame(view, picture, colour, unicode, step, discretise, strip))
    elif json:
        output.emit_json(summary.as_dict(view))
    else:
        summary.print_words(view, plots)
