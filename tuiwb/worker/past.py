"""What the doctor's rounds knew before a resume, from what the run has written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tuiwb.doctor.facts import knobs
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.looking_back import LookingBack, told
from tuiwb.doctor.window import Columns, Facts, Window
from tuiwb.run.in_force import settings
from tuiwb.run.view import RunView
from tuiwb.worker.outcomes import Applied, symptom_of


@dataclass(frozen=True)
class Past:
    """A window to go on from, what has been said already, and remedies that are being watched."""

    window: Window
    known: Mapping[str, Finding]
    """The newest finding of each symptom."""
    applied: tuple[Applied, ...]
    judged: frozenset[tuple[str, int]]
    """Remedies that have their verdict: symptom, and step of its being set."""


def past(view: RunView, facts: Facts, step: int, now: float) -> Past:
    """What was known at ``step``, for a worker that goes on from there at ``now`` (Unix seconds).

    The time in which nobody trained is left out: to the rules, this step follows the one before.
    """
    began = knobs(view.spec.spec) if view.spec is not None else facts.spec
    back = LookingBack(view, replace(facts, spec=began))
    rows = back.rows_until(step)
    found = [finding for event in view.findings if (finding := told(event)) is not None]
    judged = frozenset(
        (str(event.get("symptom")), int(event["since"]))
        for event in view.events
        if event["kind"] == "outcome" and isinstance(event.get("since"), int)
    )
    if not rows:
        return Past(Window({}, facts=facts), {f.symptom: f for f in found}, (), judged)
    window = back.window(rows)
    later = now - window.now
    applied = []
    for setting in settings(view.events):
        symptom = symptom_of(setting.by)
        cause = [f for f in found if f.symptom == symptom and f.until <= setting.step]
        until = back.rows_until(setting.step)
        if cause and until and setting.step < step and (symptom, setting.step) not in judged:
            before = _moved(back.window(until), later)
            applied.append(Applied(cause[-1], before, setting.step, dict(setting.args)))
    return Past(_moved(window, later), {f.symptom: f for f in found}, tuple(applied), judged)


def rows(table: Columns, dtype: np.dtype[Any]) -> np.ndarray:
    """Columns as rows of a table; what they lack is NaN."""
    made = np.zeros(len(table.get("step", ())), dtype)
    for name in dtype.names or ():
        values = table.get(name)
        if values is not None and values.shape[1:] == dtype[name].shape:
            made[name] = values
        elif dtype[name].base.kind == "f":
            made[name] = np.nan
    return made


def _moved(window: Window, seconds: float) -> Window:
    """``window`` that many seconds later."""
    steps, evals, layers, system = (
        {name: values + seconds if name == "time" else values for name, values in table.items()}
        for table in (window.steps, window.evals, window.layers, window.system)
    )
    now = window.now + seconds
    return replace(window, steps=steps, evals=evals, layers=layers, system=system, now=now)
