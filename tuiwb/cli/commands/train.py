"""Commands that train: ``run`` and ``verify``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tuiwb.base.format import duration, number
from tuiwb.cli import output
from tuiwb.cli.options import Device, Interval, Json, PresetName, Runs, Settings, runs_folder

PLACE = 1
app = typer.Typer()

MISSED = 1
"""Exit code of `verify` where a preset missed its target."""


@app.command()
def run(
    preset: PresetName,
    settings: Settings = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Start it, print its id and folder, and leave.")
    ] = False,
    name: Annotated[
        str | None, typer.Option("--name", "-n", metavar="NAME", help="The run's id.")
    ] = None,
    device: Device = None,
    json: Json = False,
    runs: Runs = None,
    interval: Interval = 5.0,
) -> int:
    """Train a preset; progress while it runs, then summary and plots.

    The run trains in a process of its own. Ctrl-C asks whether to leave it running or to stop it;
    where there is no terminal to ask on, Ctrl-C and SIGTERM stop it.
    """
    path = start(preset, settings or [], device, runs_folder(runs), name)
    if detach:
        _print_started(path, json)
        return 0
    from tuiwb.cli import figures, summary
    from tuiwb.cli.following import Detached, Interrupted, wait

    code = None
    try:
        view = wait(path, interval)
    except Detached:
        _print_started(path, json)
        output.say(f"training goes on; tuiwb attach {shlex.quote(path.name)} shows it")
        return 130
    except Interrupted as interruption:
        view, code = interruption.view, 130
    code = summary.exit_code(view) if code is None else code
    if json:
        output.emit_json(summary.as_dict(view))
        if code:
            output.say(summary.in_words(view))
    else:
        summary.print_words(view, figures.AT_THE_END)
    return code


def start(
    preset: str, settings: list[str], device: str | None, runs: Path, name: str | None = None
) -> Path:
    """Resolve a preset and start its worker; the run's folder."""
    from tuiwb.spec import resolve

    if device is not None:
        settings = [*settings, f"train.device={device}"]
    resolved = resolve(preset, settings)  # a mistake costs milliseconds: before all else is loaded
    from tuiwb.client.launch import launch

    return launch(resolved, runs, name=name, argv=tuple(sys.argv))


def _print_started(path: Path, json: bool) -> None:
    if json:
        output.emit_json({"run": path.name, "path": path})
    else:
        output.emit(f"{path.name}  {path}")


@app.command()
def verify(
    presets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PRESET]...", help="Presets to run; without any, all of ours."),
    ] = None,
    device: Device = None,
    json: Json = False,
    runs: Runs = None,
    interval: Interval = 5.0,
) -> int:
    """Run presets and hold them to the results they promise.

    Prints target, value and baseline of each. Exit code 0 where all are met, 1 where one is not.
    """
    from tuiwb.base.errors import UserError
    from tuiwb.cli.following import Detached, Interrupted, wait
    from tuiwb.spec import presets as all_presets
    from tuiwb.spec import resolve

    asked = presets or [info.name for info in all_presets() if info.expect is not None]
    plans = []
    for preset in asked:
        spec = resolve(preset).spec
        expect = spec.about.expect
        if expect is None:
            raise UserError(
                f"{preset} promises nothing that could be verified",
                where=f"{preset}, [about.expect]",
                allowed="a preset with [about.expect]",
            )
        other = expect.steps != spec.train.steps
        plans.append((preset, [f"train.steps={expect.steps}"] if other else []))
    rows: list[dict[str, Any]] = []
    for preset, settings in plans:
        path = start(preset, settings, device, runs_folder(runs))
        try:
            rows.append(_row(preset, wait(path, interval)))
        except Detached:
            output.say(f"training goes on; tuiwb attach {shlex.quote(path.name)} shows it")
            return 130
        except Interrupted as interruption:
            output.say(f"{preset}: {interruption}")
            return 130
        output.say(_line(rows[-1]))
    if json:
        output.emit_json({"presets": rows, "met": all(row["met"] for row in rows)})
    else:
        output.emit(_table(rows))
    return 0 if all(row["met"] for row in rows) else MISSED


def _row(preset: str, view: Any) -> dict[str, Any]:
    from tuiwb.cli import summary

    judged = summary.verdict(view)
    assert judged is not None, "only presets with [about.expect] are verified"
    return {
        "preset": preset,
        "metric": judged.metric,
        "target": judged.target,
        "value": judged.value,
        "baseline": judged.baseline,
        "steps": view.status.step,
        "seconds": summary.pace(view)[0],
        "met": judged.met and view.status.state == "finished",
        "run": view.id,
        "bound": judged.target_words,
        "state": view.status.state,
    }


def _line(row: dict[str, Any]) -> str:
    met = "met" if row["met"] else f"NOT MET ({row['state']})"
    return f"{row['preset']}: {row['metric']} {number(row['value'])}, {row['bound']}: {met}"


def _table(rows: list[dict[str, Any]]) -> str:
    head = ("preset", "metric", "target", "value", "steps", "seconds", "met", "baseline")
    cells = (
        (
            row["preset"], row["metric"], row["bound"], number(row["value"]), str(row["steps"]),
            duration(row["seconds"]), "yes" if row["met"] else "NO", row["baseline"],
        )
        for row in rows
    )  # fmt: skip
    return output.grid(head, cells, right=("target", "value", "steps", "seconds"))
