"""Options for a run that several processes train, and what they come to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuiwb.base.errors import UserError
from tuiwb.cli import output

if TYPE_CHECKING:
    from tuiwb.run.world import World
    from tuiwb.spec import Resolved

Processes = Annotated[
    int,
    typer.Option(
        "--nproc", metavar="N", min=1, max=1024,
        help="Processes that train it on this machine, each with a share of every batch.",
    ),
]  # fmt: skip
Others = Annotated[
    int | None,
    typer.Option(
        "--nproc", metavar="N", min=1, max=1024,
        help="Processes that train it from here on; else as many as before.",
    ),
]  # fmt: skip
Machines = Annotated[
    str,
    typer.Option(
        "--nnodes", metavar="N|MIN:MAX", help="Machines that train it, with --nproc on each."
    ),
]
Machine = Annotated[
    int,
    typer.Option("--node-rank", metavar="R", min=0, help="Which of them this is; 0 makes the run."),
]
Meet = Annotated[
    str,
    typer.Option(
        "--rdzv", metavar="HOST:PORT", help="Where machines meet: a free port of the first one."
    ),
]


def world(nproc: int, nnodes: str, node_rank: int, rdzv: str, name: str | None) -> World | None:
    """By how many processes a run is to be trained; None where it is one. What does not go together
    is a `UserError`."""
    from tuiwb.run.world import World, machines, meeting_place

    least, most = machines(nnodes)
    if node_rank >= most:
        raise UserError(
            f"there is no machine number {node_rank}",
            where="--node-rank",
            found=str(node_rank),
            allowed=f"0 to {most - 1}, with --nnodes {nnodes}",
        )
    if most > 1 and not rdzv:
        raise UserError(
            "machines need a place to meet",
            where="--rdzv",
            found=f"--nnodes {nnodes}",
            next="name a free port of the first machine on all of them: --rdzv HOST:29500",
        )
    if most > 1 and name is None:
        raise UserError(
            "a run of several machines needs a name",
            where="--name",
            found=f"--nnodes {nnodes}",
            next="the same --name on all of them, and --runs on a disk that they share",
        )
    asked = World(nproc, least, most, meeting_place(rdzv) if most > 1 else "")
    count(nproc)
    return None if asked.alone else asked


def count(nproc: int) -> None:
    """Say so where there are more processes than cores."""
    if nproc > (cores := os.cpu_count() or 1):
        output.say(f"{nproc} processes on {cores} cores: they take turns, unless each has a GPU")


def refuse_seeds(asked: World | None) -> None:
    """`UserError` where seeds, which one process trains, are asked of several."""
    if asked is not None:
        raise UserError(
            "seeds are trained together by one process",
            where="--seeds",
            found=f"{asked.planned} processes for each run",
            next="leave --nproc and --nnodes out, or train one seed: -s train.seed=0",
        )


def refuse_count(nproc: int | None) -> None:
    """`UserError` where a machine that trains along is told how many processes it has."""
    if nproc is not None:
        raise UserError(
            "a machine that trains along has as many processes as the run says",
            where="--nproc",
            found=str(nproc),
            next="leave --nproc out",
        )


def train_along(path: Path, asked: World | None, machine: int, told: Resolved | None = None) -> int:
    """Join the run that the first machine makes; the exit code. ``told`` is the spec that was told
    here, if one was."""
    from tuiwb.client.join import await_run, join, refuse_other_spec

    await_run(path, asked)
    if told is not None:
        refuse_other_spec(path, told)
    output.say(f"machine {machine} trains {path.name} along; tuiwb attach {path.name} shows it")
    return join(path, machine)
