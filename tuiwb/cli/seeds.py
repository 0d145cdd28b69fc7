"""One preset from many seeds, trained as a population: what is due to chance."""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuiwb.base.errors import UserError
from tuiwb.cli import output

if TYPE_CHECKING:
    from tuiwb.run.view import RunView

INTERRUPTED = 130
SEED = "train.seed"


def run_seeds(
    preset: str,
    settings: Sequence[str],
    seeds: int,
    runs: Path,
    name: str | None,
    allow_code: bool,
    detach: bool,
    json: bool,
    interval: float,
) -> int:
    """Train seeds 0 to ``seeds`` - 1, each a run, and print mean and spread of what they reached;
    returns the exit code."""
    from tuiwb.spec import resolve

    for text in settings:
        if text.partition("=")[0].strip() == SEED:
            raise UserError(
                f"{SEED} is set and varies",
                where=f"--set {text} and --seeds {seeds}",
                found=text,
                allowed=f"--seeds {seeds} trains the seeds 0 to {seeds - 1}",
                next=f"leave out --set {text}",
            )
    members = [resolve(preset, [*settings, f"{SEED}={seed}"]) for seed in range(seeds)]
    from tuiwb.cli.consent import settle
    from tuiwb.cli.following import Detached, Interrupted, wait_all
    from tuiwb.client.population import apart, launch_population

    settle(members[0], list(settings), allow_code)
    names = [f"{name}-{seed}" for seed in range(seeds)] if name else None
    paths = launch_population(members, runs, names=names, argv=tuple(sys.argv))
    if detach:
        if json:
            output.emit_json({"runs": [{"run": path.name, "path": path} for path in paths]})
        else:
            output.emit("\n".join(f"{path.name}  {path}" for path in paths))
        return 0
    try:
        views = wait_all([partial(_there, path) for path in paths], len(paths), interval)
    except Detached:
        output.say("training goes on; tuiwb ls lists the runs")
        return INTERRUPTED
    except Interrupted as interruption:
        output.say(str(interruption))
        return INTERRUPTED
    from tuiwb.cli import summary

    if why := apart(views[0]):
        output.say(f"warning: {why}")
    if json:
        output.emit_json(as_dict(preset, views))
    else:
        output.emit(in_words(preset, views))
    return max(summary.exit_code(view) for view in views)


def _there(path: Path) -> Path:
    return path  # it has begun with the others


def spread(views: Sequence[RunView]) -> dict[str, dict[str, Any]]:
    """Of each metric of the runs that finished: mean, standard deviation (of a sample; NaN of one),
    least, most and all values, in the order of the runs."""
    done = [view.metrics for view in views if view.status.state == "finished"]
    told: dict[str, dict[str, Any]] = {}
    for key in done[0] if done else ():
        values = [float(metrics[key]) for metrics in done if key in metrics]
        told[key] = {
            "mean": statistics.fmean(values),
            "sd": statistics.stdev(values) if len(values) > 1 else math.nan,
            "min": min(values),
            "max": max(values),
            "values": values,
        }
    return told


def as_dict(preset: str, views: Sequence[RunView]) -> dict[str, Any]:
    """As ``--json`` gives it."""
    return {
        "preset": preset,
        "metrics": spread(views),
        "runs": [
            {"run": view.id, "state": view.status.state, "metrics": dict(view.metrics)}
            for view in views
        ],
    }


def in_words(preset: str, views: Sequence[RunView]) -> str:
    """A line for each metric, and one for those that did not finish."""
    from tuiwb.base.format import number

    figures = spread(views)
    done = sum(view.status.state == "finished" for view in views)
    lines = [f"{preset}: {done} of {len(views)} seeds finished ({views[0].id} to {views[-1].id})"]
    width = max(map(len, figures), default=0)
    for key, known in figures.items():
        lines.append(
            f"  {key:<{width}}  {number(known['mean'])} ± {number(known['sd'], 2)}"
            f"   {number(known['min'])} to {number(known['max'])}"
        )
    lines += [
        f"  {view.id}: {view.status.words}" for view in views if view.status.state != "finished"
    ]
    return "\n".join(lines)
