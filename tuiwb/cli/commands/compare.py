"""The command that puts runs beside each other: ``compare``."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuiwb.base.format import number
from tuiwb.cli import output
from tuiwb.cli.options import Json, Runs, runs_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tuiwb.client.compare import Comparison

PLACE = 2.5
MOST_COLUMNS = 5
"""Runs that are columns of a table; more of them are its rows."""
app = typer.Typer()


@app.command()
def compare(
    names: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="Two or more runs, live ones included.")
    ],
    metric: Annotated[
        str,
        typer.Option(
            "--metric", "-m", metavar="NAME", help="What is drawn: loss, val_accuracy, lr, ..."
        ),
    ] = "loss",
    json: Json = False,
    runs: Runs = None,
) -> None:
    """Lay runs over each other: one plot, the knobs in which they differ, their last metrics.

    A run and its fork are one curve that splits where it was forked.
    """
    from tuiwb.api import open_run
    from tuiwb.client.compare import compare as put_beside
    from tuiwb.client.runs import find

    folder = runs_folder(runs)
    found = put_beside([open_run(find(folder, name)) for name in names])
    if json:
        output.emit_json(_as_dict(found, metric))
        return
    _draw(found, metric)
    output.emit("\n\n".join(table for table in (_knobs(found), _ends(found)) if table))


def _draw(found: Comparison, metric: str) -> None:
    from dataclasses import replace

    from tuiwb.plots.figure import Mark
    from tuiwb.plots.overlay import overlay
    from tuiwb.plots.static import render

    width = 100
    if sys.stdout.isatty():
        width = max(20, min(100, shutil.get_terminal_size((80, 24)).columns))
    figure = overlay(metric, found.curves(metric))
    if figure.x_label == "step":
        marks = [Mark(step, "fork", label) for label, step in found.splits.items() if step]
        figure = replace(figure, marks=tuple(marks))
    height = max(5, min(16, width // 4))
    output.paint(render(figure, width, height, output.shows_colour(), output.shows_unicode()))


def _knobs(found: Comparison) -> str:
    rows = {key: {label: _value(found, key, label) for label in found.views} for key in found.knobs}
    return _table("knob", rows, found.views) if rows else "the same knobs in all of them"


def _value(found: Comparison, key: str, label: str) -> str:
    """A knob's value, and those it was given while the run trained."""
    if label not in found.knobs[key]:
        return "-"
    later = [f"{_short(value)} from {step}" for step, value in found.set[key].get(label, ())]
    return ", ".join([_short(found.knobs[key][label]), *later])


def _short(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)


def _ends(found: Comparison) -> str:
    forks = found.forks()
    rows: dict[str, dict[str, str]] = {
        "state": {label: view.status.state for label, view in found.views.items()},
        "step": {label: str(view.status.step) for label, view in found.views.items()},
    }
    if forks:
        rows["forked"] = {
            label: "from {} at {}".format(*forks[label]) if label in forks else "-"
            for label in found.views
        }
    for name, values in found.metrics.items():
        rows[name] = {
            label: number(values[label]) if label in values else "-" for label in found.views
        }
    return _table("at the end", rows, found.views)


def _table(title: str, rows: Mapping[str, Mapping[str, str]], labels: Mapping[str, object]) -> str:
    head: Sequence[str] = (title, *labels)
    body = [(name, *(cells[label] for label in labels)) for name, cells in rows.items()]
    if len(labels) > MOST_COLUMNS:
        head, *body = zip(head, *body, strict=True)
    return output.grid(head, body, right=head[1:])


def _as_dict(found: Comparison, metric: str) -> dict[str, Any]:
    forks = found.forks()
    curves = {one.label: one for one in found.curves(metric)}
    return {
        "metric": metric,
        "runs": [
            {
                "run": view.id,
                "path": view.path,
                "preset": view.preset,
                "state": view.status.state,
                "step": view.status.step,
                "steps": view.status.steps,
                "parent": forks[label][0] if label in forks else None,
                "forked_at": forks[label][1] if label in forks else None,
                "splits_at": int(found.splits[label]) or None,
                "knobs": {
                    key: values[label] for key, values in found.knobs.items() if label in values
                },
                "set": [
                    {"step": step, "key": key, "value": value}
                    for key, by_label in found.set.items()
                    for step, value in by_label.get(label, ())
                ],
                "metrics": {
                    name: values[label] for name, values in found.metrics.items() if label in values
                },
                "x": curves[label].x.tolist(),
                "y": curves[label].y.tolist(),
            }
            for label, view in found.views.items()
        ],
    }
