"""``resume``: go on with a run that ended before it was done."""

from __future__ import annotations

from typing import Annotated

import typer

from tuiwb.cli import output, ranks
from tuiwb.cli.options import AllowCode, Detach, Interval, Json, Runs, runs_folder

PLACE = 3.4
app = typer.Typer()


@app.command()
def resume(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run's id, the beginning of one, or its folder.")
    ],
    nproc: ranks.Others = None,
    node_rank: ranks.Machine = 0,
    allow_code: AllowCode = False,
    detach: Detach = False,
    json: Json = False,
    runs: Runs = None,
    interval: Interval = 5.0,
) -> int:
    """Go on with a run that was stopped, was killed or failed, from its newest whole checkpoint.

    On the same machine it comes out as if it had never been interrupted. What was set after the
    checkpoint is set again at the same steps. A finished run is not resumed: fork it. A run of
    several machines is resumed on each of them; one of this machine takes another --nproc, and
    trains on the same batches.
    """
    from tuiwb.cli.consent import settle_run
    from tuiwb.cli.training import attend
    from tuiwb.client.resume import resume as start
    from tuiwb.client.resume import told
    from tuiwb.client.runs import find
    from tuiwb.run.resuming import words

    path = find(runs_folder(runs), run)
    settle_run(path, allow_code)
    if node_rank:
        ranks.refuse_count(nproc)
        return ranks.train_along(path, None, node_rank)
    ranks.count(nproc or 1)
    began = start(path, processes=nproc)
    for event in told(path, began):
        text = words(event) if event["kind"] == "resumed" else str(event.get("text"))
        output.say(f"{path.name}  {text}")
    return attend(path, detach, json, interval, new=False)
