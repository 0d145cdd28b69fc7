"""``sweep``: many trials of one preset, chosen by a sampler."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuiwb.base.errors import UserError
from tuiwb.cli.options import AllowCode, Device, Json, Name, Runs, Settings, runs_folder

if TYPE_CHECKING:
    from tuiwb.search.sweep import Sweep

PLACE = 2
app = typer.Typer()

VERBS = ("list", "show", "resume", "stop", "best", "watch")


@app.command()
def sweep(
    what: Annotated[
        str,
        typer.Argument(
            metavar="PRESET|FILE|list|show|resume|stop|best|watch",
            help="A preset or a sweep's TOML file to begin; or what to do with a sweep.",
        ),
    ],
    named: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="The sweep; without it, the newest."),
    ] = None,
    space: Annotated[
        list[str] | None,
        typer.Option(
            "--space",
            metavar="KEY=OVER",
            help="What varies: 32,64,128 or log:1e-4:1e-1, float:0:1, int:16:256; repeatable.",
        ),
    ] = None,
    settings: Settings = None,
    sampler: Annotated[
        str | None,
        typer.Option("--sampler", metavar="NAME", help="grid, random, qmc, tpe (default) or gp."),
    ] = None,
    trials: Annotated[
        int | None, typer.Option("--trials", "-t", metavar="N", help="How many at most (20).")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", metavar="N", min=1, max=256, help="Trials that train at a time (1)."
        ),
    ] = None,
    pruner: Annotated[
        str | None,
        typer.Option("--pruner", metavar="NAME", help="none (default), median, asha, hyperband."),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option("--metric", "-m", metavar="NAME", help="What is judged (val_loss)."),
    ] = None,
    pick: Annotated[
        str | None,
        typer.Option("--pick", metavar="lowest|highest", help="Which is best; else by its name."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Of the sampler (0).")
    ] = None,
    population: Annotated[
        bool, typer.Option("--population", help="Train all trials in one process, as one program.")
    ] = False,
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed", help="With resume: train once more whatever has failed by itself."
        ),
    ] = False,
    name: Name = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Go on in a process of its own, and leave.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Open the sweep's screen; the sweep is detached.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where best writes the preset.")
    ] = None,
    plot: Annotated[
        str | None,
        typer.Option(
            "--plot", metavar="NAME,...", help="best, parallel, slice, contour, importance or none."
        ),
    ] = None,
    device: Device = None,
    allow_code: AllowCode = False,
    json: Json = False,
    runs: Runs = None,
) -> int:
    """Search the knobs of a preset: every trial is a run; however it ends, it can be gone on with.

    The same line again goes on with an unfinished sweep. Ctrl-C leaves; resume NAME goes on.
    """
    from tuiwb.cli import sweeps

    given = {
        "space": space, "sampler": sampler, "trials": trials, "pruner": pruner, "metric": metric,
        "pick": pick, "seed": seed, "population": population or None,
        "set": settings, "name": name, "device": device,
    }  # fmt: skip
    folder, manner = runs_folder(runs), sweeps.Manner(detach, watch, json, plot, retry_failed)
    if retry_failed and what != "resume":
        raise UserError(
            f"tuiwb sweep {what} takes no --retry-failed",
            where="command line",
            next="tuiwb sweep resume NAME --retry-failed goes on with a sweep that is there",
        )
    if what in VERBS:
        _refuse({key: value for key, value in given.items() if value is not None}, what)
        match what:
            case "list":
                return sweeps.list_all(folder, json)
            case "show":
                return sweeps.show(folder, named, plot, json)
            case "best":
                return sweeps.best(folder, named, out, json)
            case "stop":
                return sweeps.stop(folder, named)
            case "watch":
                return sweeps.watch(folder, named)
            case _:
                return sweeps.go_on(folder, named, jobs, allow_code, manner)
    if named is not None:
        raise UserError(
            f"what is {named!r} for?",
            where=f"tuiwb sweep {what} {named}",
            allowed=f"one preset, or one of {', '.join(VERBS)} and a sweep",
        )
    asked = _asked(what, {**given, "jobs": jobs})
    return sweeps.begin(folder, asked, name, allow_code, manner)


def _asked(what: str, given: dict[str, Any]) -> Sweep:
    """The sweep of a file or of the command line, whose options beat the file's."""
    from tuiwb.search.sweep import convert, is_sweep, read_sweep

    path = Path(what).expanduser()
    fields: dict[str, Any] = {"preset": what, "space": []}
    if is_sweep(path):
        import msgspec

        fields = msgspec.structs.asdict(read_sweep(path))
    more = [*(given.pop("set") or ()), *_device(given.pop("device"))]
    given.pop("name")
    fields |= {key: value for key, value in given.items() if value is not None}
    fields["set"] = [*fields.get("set", ()), *more]
    return convert(fields, "command line")


def _device(device: str | None) -> list[str]:
    return [] if device is None else [f"train.device={device}"]


def _refuse(given: dict[str, Any], verb: str) -> None:
    """What makes a sweep says nothing about one that is there."""
    for key, value in given.items():
        raise UserError(
            f"tuiwb sweep {verb} takes no --{key}",
            where="command line",
            found=f"--{key} {value}",
            next="a sweep stays what it was when it began; begin another one to change it",
        )
