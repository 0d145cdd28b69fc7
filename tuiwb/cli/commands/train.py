"""Commands that train: ``run`` and ``verify``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuiwb.cli import output, ranks
from tuiwb.cli.options import (
    AllowCode,
    Detach,
    Device,
    Interval,
    Jobs,
    Json,
    Name,
    PresetName,
    Runs,
    Settings,
    runs_folder,
)
from tuiwb.cli.training import attend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuiwb.client.standby import Standby
    from tuiwb.run.view import RunView
    from tuiwb.run.world import World
    from tuiwb.spec import Resolved

PLACE = 1
app = typer.Typer()

MISSED = 1
"""Exit code of `verify` where a preset missed its target."""


@app.command()
def run(
    preset: PresetName,
    settings: Settings = None,
    detach: Detach = False,
    name: Name = None,
    seeds: Annotated[
        int,
        typer.Option(
            "--seeds",
            metavar="N",
            min=1,
            max=1000,
            help="Train seeds 0 to N-1 together, each a run; mean and spread at the end.",
        ),
    ] = 1,
    nproc: ranks.Processes = 1,
    nnodes: ranks.Machines = "1",
    node_rank: ranks.Machine = 0,
    rdzv: ranks.Meet = "",
    device: Device = None,
    allow_code: AllowCode = False,
    json: Json = False,
    runs: Runs = None,
    interval: Interval = 5.0,
) -> int:
    """Train a preset; progress while it runs, then summary and plots.

    The run trains in a process of its own. Ctrl-C asks whether to leave it running or to stop it;
    where there is no terminal to ask on, Ctrl-C and SIGTERM stop it.
    """
    world = ranks.world(nproc, nnodes, node_rank, rdzv, name)
    if node_rank and name is not None:
        told = chosen(preset, settings or [], device)
        return ranks.train_along(runs_folder(runs) / name, world, node_rank, told)
    if seeds > 1:
        ranks.refuse_seeds(world)
        from tuiwb.cli.seeds import run_seeds

        every = with_device(settings or [], device)
        where = runs_folder(runs)
        return run_seeds(preset, every, seeds, where, name, allow_code, detach, json, interval)
    where = runs_folder(runs)
    path = start(preset, settings or [], device, where, name, allow_code=allow_code, world=world)
    return attend(path, detach, json, interval)


def start(
    preset: str,
    settings: list[str],
    device: str | None,
    runs: Path,
    name: str | None = None,
    standby: Standby | None = None,
    allow_code: bool = False,
    world: World | None = None,
) -> Path:
    """Resolve a preset and start its worker, warm where there is a standby; the run's folder.
    ``world`` is by how many processes it is trained."""
    resolved = chosen(preset, settings, device)  # a mistake is told before all else is loaded
    from tuiwb.cli.consent import settle
    from tuiwb.client.launch import launch

    settle(resolved, with_device(settings, device), allow_code)
    argv = tuple(sys.argv)
    return launch(resolved, runs, name=name, argv=argv, world=world, standby=standby)


def chosen(preset: str, settings: list[str], device: str | None) -> Resolved:
    """The preset with what the command line sets."""
    from tuiwb.spec import resolve

    return resolve(preset, with_device(settings, device))


def with_device(settings: list[str], device: str | None) -> list[str]:
    """``--device`` is one more setting."""
    return settings if device is None else [*settings, f"train.device={device}"]


@app.command()
def verify(
    presets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PRESET]...", help="Presets or lessons; without any, all of our presets."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All presets and all lessons.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only presets and lessons that take seconds.")
    ] = False,
    seeds: Annotated[
        int,
        typer.Option(
            "--seeds",
            metavar="N",
            min=1,
            max=1000,
            help="Train each with seeds 0 to N-1; every one must meet the target.",
        ),
    ] = 1,
    jobs: Jobs = 1,
    device: Device = None,
    json: Json = False,
    runs: Runs = None,
    interval: Interval = 5.0,
) -> int:
    """Run presets and lessons and hold them to the results they promise.

    Prints target, value and baseline of each. Exit code 0 where all are met, 1 where one is not.
    A preset that needs a GPU is not run without one, and counts for neither.
    """  # fmt: skip
    from tuiwb.cli import verifying
    from tuiwb.cli.following import Detached, Interrupted, wait_all

    where = verifying.Where(runs_folder(runs), device)
    plans = verifying.plans(presets or [], everything, quick, seeds, where)
    rows: list[dict[str, Any]] = []

    def ended(views: Sequence[RunView]) -> None:
        """Say what is known of every plan whose runs are all over."""
        begun = 0
        for plan in plans:
            mine = views[begun : begun + len(plan.starts)]
            begun += len(plan.starts)
            if plans.index(plan) == len(rows) and len(mine) == len(plan.starts):
                rows.append(verifying.row(plan, mine))
                output.say(verifying.line(rows[-1]))

    try:
        ended(())  # what cannot be trained here is known before anything is
        with where.warm:
            wait_all([start for plan in plans for start in plan.starts], jobs, interval, ended)
    except Detached:
        output.say("what was being trained goes on; tuiwb ls lists it")
        return 130
    except Interrupted as interruption:
        output.say(f"{interruption.view.id}: {interruption}")
        return 130
    met = all(row["met"] is not False for row in rows)
    if json:
        by_kind = {kind: [row for row in rows if kind in row] for kind in ("preset", "lesson")}
        output.emit_json({"presets": by_kind["preset"], "lessons": by_kind["lesson"], "met": met})
    else:
        output.emit("\n\n".join(verifying.tables(rows)))
    return 0 if met else MISSED
