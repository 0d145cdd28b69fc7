"""``ensemble``: several finished runs as one predictor."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tuiwb.base.format import number
from tuiwb.cli import output
from tuiwb.cli.options import Json, Runs, runs_folder

PLACE = 3
app = typer.Typer()


@app.command()
def ensemble(
    run: Annotated[
        list[str],
        typer.Argument(metavar="RUN...", help="Two or more finished runs on the same data."),
    ],
    json: Json = False,
    runs: Runs = None,
) -> None:
    """Average what finished runs answer, and compare it with each of them.

    Probabilities are averaged of classifiers, numbers of regressions, on the validation part.
    """
    from tuiwb.api import open_run
    from tuiwb.client.ensemble import ensemble as ask_worker
    from tuiwb.client.runs import find

    folder = runs_folder(runs)
    facts = ask_worker([open_run(find(folder, name)) for name in run])
    if json:
        output.emit_json(facts)
    else:
        output.emit(table(facts))


def table(facts: dict[str, Any]) -> str:
    """Members, their mean, the ensemble and what it gains, a column for each metric."""
    names = list(facts["mean"])
    rows = [
        *((row["run"], f"step {row['step']}", row["metrics"]) for row in facts["members"]),
        ("mean of the members", "", facts["mean"]),
        ("ensemble", f"of {len(facts['members'])}", facts["ensemble"]),
        ("gain", "over the mean", facts["gain"]),
    ]
    grid = output.grid(
        ("run", "", *names),
        [(run, what, *(number(metrics.get(key)) for key in names)) for run, what, metrics in rows],
        right=names,
    )
    return f"{grid}\non {facts['samples']} validation samples"
