"""``export``: a run as something that other tools read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuiwb.cli import output
from tuiwb.cli.options import Json, Runs, runs_folder

PLACE = 3
app = typer.Typer()


@app.command()
def export(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run's id, the beginning of one, or its folder.")
    ],
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="FORMAT", help="csv, parquet, safetensors, script or tensorboard."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="PATH", help="File or folder to make; else here, by its id."
        ),
    ] = None,
    step: Annotated[
        str | None,
        typer.Option(
            "--step", metavar="N|best|newest", help="Of weights: which checkpoint (newest)."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Put it in the place of an earlier export.")
    ] = False,
    json: Json = False,
    runs: Runs = None,
) -> None:
    """Export a run: tables (csv, parquet, tensorboard), weights (safetensors), PyTorch script."""
    from tuiwb.api import open_run
    from tuiwb.client.runs import find
    from tuiwb.interop.export import export as exported

    done = exported(open_run(find(runs_folder(runs), run)), to, out, step, force)
    if json:
        output.emit_json({"run": run, "to": to, "path": done.path, "words": done.words})
    else:
        output.emit(f"{done.path}  {done.words}")
