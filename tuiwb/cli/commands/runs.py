"""Commands that look at runs: ``attach``, ``ls`` and ``show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tuiwb.base.format import count
from tuiwb.cli import output
from tuiwb.cli.options import Glyphs, Json, RunName, Runs, glyph_set, runs_folder

if TYPE_CHECKING:
    from tuiwb.run.view import RunView

PLACE = 2
app = typer.Typer()


@app.command("attach")
def attach_to(run: RunName = None, runs: Runs = None, glyphs: Glyphs = None) -> int:
    """Open the workbench on a run, live or over, or on a copy of a TensorBoard folder."""
    from tuiwb.cli.screen import attach

    return attach(runs_folder(runs), run, glyph_set(glyphs))


@app.command()
def ls(
    text: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TEXT...]",
            help="Only runs that hold these words in name, preset, state, tags or note; "
            "state:crashed, tag:good and preset:gpt-char ask for just that.",
        ),
    ] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            "--state", metavar="STATE,...", help="Only runs in these states; live and over too."
        ),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG,...", help="Only runs that have all these tags."),
    ] = None,
    preset: Annotated[
        list[str] | None,
        typer.Option("--preset", metavar="PRESET,...", help="Only runs of these presets."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", min=1, help="At most so many; 50 unless told."),
    ] = None,
    all: Annotated[bool, typer.Option("--all", help="List however many there are.")] = False,
    json: Json = False,
    runs: Runs = None,
) -> None:
    """List the runs, newest first, forks under the run that they come from."""
    from tuiwb.cli import listing
    from tuiwb.client.select import wanted

    asked = wanted(state or (), tag or (), preset or (), " ".join(text or ()))
    folder = runs_folder(runs)
    most = limit if limit or all or json else listing.SHOWN
    chosen, known = listing.listed(folder, asked, most)
    found = listing.asked_of_slurm(chosen)
    if json:
        output.write(listing.as_json(found))
    elif not known.runs:
        output.say(f"no runs in {folder} yet; tuiwb run PRESET makes one")
    elif not found:
        output.say(f"none of {len(known.runs)} runs is as asked")
    else:
        output.emit(listing.table(found, known.runs))
        if more := len(asked.of(known.runs)) - len(found):
            output.say(f"and {count(more)} more; --all lists them")


def _told_by_slurm(view: RunView) -> RunView:
    """A queued run with what Slurm says of it now."""
    if view.status.state != "queued":
        return view
    from dataclasses import replace

    from tuiwb.client import slurm, submit

    words = submit.waits(view.path, view.status.words, slurm.glance())
    return replace(view, status=replace(view.status, words=words))


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
    view = _told_by_slurm(open_run(find(runs_folder(runs), run)))
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
