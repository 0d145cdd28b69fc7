"""The doctor's rounds on a run after the fact, from what its folder holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from tuiwb.doctor.examine import examine
from tuiwb.doctor.facts import facts, knobs, told
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.window import (
    AGAIN,
    EVALS,
    LAYERS,
    SMOOTH,
    STEPS,
    SYSTEM,
    Array,
    Facts,
    Window,
    columns,
)
from tuiwb.run.view import RunView, TableView

ROUNDS = 200
"""Windows into a run's past, at most; a longer one is looked at in as many places."""


def diagnose(view: RunView) -> list[Finding]:
    """Every finding of the run, in the order of their steps; one that lasts is told once, from the
    first window that shows it to the last."""
    found: list[Finding] = []
    newest: dict[str, int] = {}
    for window in windows(view):
        for finding in examine(window):
            at = newest.get(finding.symptom)
            if at is not None and finding.step <= found[at].until + AGAIN:
                found[at] = dataclasses.replace(found[at], until=finding.until)
                continue
            newest[finding.symptom] = len(found)
            found.append(finding)
    return sorted(found, key=lambda finding: finding.step)


def windows(view: RunView) -> Iterator[Window]:
    """What the doctor would have seen at `ROUNDS` moments of the run, the last at its end."""
    steps = view.table("steps")
    if not steps.rows:
        return
    known = _facts(view)
    evals, eval_mode = _evaluations(view), _eval_mode_losses(view)
    layers, system = view.table("layers"), view.table("system")
    first = columns(steps.read(0, 1))
    opening = {
        name: values[0] for name, values in columns(layers.read(0, 1)).items() if len(values)
    }
    best = np.inf
    stride = max(SMOOTH, -(-steps.rows // ROUNDS))
    for stop in [*range(stride, steps.rows, stride), steps.rows]:
        recent = columns(steps.read(stop - STEPS, stop))
        step, now = recent["step"][-1], recent["time"][-1]
        if stop >= SMOOTH:
            best = min(best, float(np.median(recent["loss"][-SMOOTH:])))
        seen = evals.get("step", np.empty(0)) <= step
        yield Window(
            steps=recent,
            evals={name: values[seen][-EVALS:] for name, values in evals.items()}
            | ({"eval_mode_loss": eval_mode[seen][-EVALS:]} if seen.any() else {}),
            layers=_until(layers, "step", step, LAYERS),
            system=_until(system, "time", now, SYSTEM),
            facts=known,
            first_loss=float(first["loss"][0]),
            first_layers=opening,
            best_loss=best,
            now=now,
        )


def _facts(view: RunView) -> Facts:
    model = next((e for e in reversed(view.events) if e.get("kind") == "model"), None)
    if view.spec is not None:
        spec = knobs(view.spec.spec)
    else:
        spec = told(view.meta.get("hparams"), model, view.data)
    return facts(spec, model, view.data)


def _evaluations(view: RunView) -> dict[str, Array]:
    """All evaluations, with the median training loss since the one before."""
    evals, steps = view.table("evals"), view.table("steps")
    found = columns(evals.tail(EVALS))
    if not len(found.get("step", ())):
        return {}
    losses, since = [], 0
    for step in found["step"]:
        stop = _count_until(steps, "step", step)
        rows = steps.read(max(since, stop - STEPS), stop)["loss"]
        losses.append(float(np.median(rows)) if len(rows) else np.nan)
        since = stop
    return found | {"train_loss": np.array(losses)}


def _eval_mode_losses(view: RunView) -> Array:
    told = {
        event.get("step"): event.get("eval_mode_loss")
        for event in view.events
        if event.get("kind") == "evaluation"
    }
    steps = columns(view.table("evals").tail(EVALS)).get("step", np.empty(0))
    return np.array([_number(told.get(int(step))) for step in steps])


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else np.nan


def _until(table: TableView, column: str, bound: float, rows: int) -> dict[str, Array]:
    """The last ``rows`` of a table whose ``column`` is at or before ``bound``."""
    if column not in table.columns:
        return {}
    stop = _count_until(table, column, bound)
    return columns(table.read(max(0, stop - rows), stop))


def _count_until(table: TableView, column: str, bound: float) -> int:
    low, high = 0, table.rows
    while low < high:
        middle = (low + high) // 2
        row = table.read(middle, middle + 1)
        if len(row) and row[column][0] <= bound:
            low = middle + 1
        else:
            high = middle
    return low
