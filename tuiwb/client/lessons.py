"""A lesson's checks, judged from what its runs left in their folders.

All but one need nothing else: for an ensemble a worker is asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tuiwb.base.errors import UserError
from tuiwb.base.format import number
from tuiwb.client.ensemble import ensemble
from tuiwb.run.schema import SAMPLED
from tuiwb.run.view import RunView, TableView
from tuiwb.spec.lessons import (
    Bounded,
    Check,
    EnsembleCheck,
    FindingCheck,
    GapCheck,
    LayerCheck,
    Lesson,
    MetricCheck,
    ReachCheck,
    StateCheck,
    TrialsCheck,
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """One check, held against the runs."""

    words: str
    """What was looked at."""
    value: float | str | None
    target: str
    met: bool
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """The check as ``--json`` gives it."""
        return {
            "check": self.words,
            "value": self.value,
            "target": self.target,
            "met": self.met,
            "reason": self.reason,
        }


def judge(lesson: Lesson, views: Mapping[str, RunView]) -> tuple[Judged, ...]:
    """Every check of ``lesson`` against the runs by their labels, in the lesson's order."""
    return tuple(judge_one(check, views) for check in lesson.asserts)


def judge_one(check: Check, views: Mapping[str, RunView]) -> Judged:
    """One check. What cannot be read (no such column, no evaluation) is not met."""
    if isinstance(check, TrialsCheck):
        return _of_trials(check, views)  # its labels are samplers, not runs
    view = views[check.run]
    match check:
        case StateCheck():
            state = view.status.state
            return _word(check, f"{check.run}: state", state, check.state, state == check.state)
        case FindingCheck():
            found = sorted({str(finding.get("symptom")) for finding in view.findings})
            met = (check.symptom in found) == check.present
            wanted = check.symptom if check.present else f"no {check.symptom}"
            return _word(check, f"{check.run}: findings", ", ".join(found) or "none", wanted, met)
        case MetricCheck():
            pick = "" if check.pick == "last" else f"{check.pick} "
            words = f"{check.run}: {pick}{check.metric}"
            return _held(check, words, metric(view, check.metric, check.pick))
        case GapCheck():
            a = metric(view, check.metric, check.pick)
            b = metric(views[check.over], check.metric, check.pick)
            gap = None if a is None or b is None else a - b
            return _held(check, f"{check.metric}: {check.run} - {check.over}", gap)
        case EnsembleCheck():
            words = f"{check.metric}: ensemble of {1 + len(check.beside)} - mean member"
            return _held(check, words, _gain(views, check))
        case ReachCheck():
            words = f"{check.run}: steps to {check.metric} {number(check.level)}"
            return _held(check, words, _reached(view, check))
        case LayerCheck():
            step = {"first": "step 1", "last": "end", "drift": "drift"}[check.step]
            over = f" / {check.over}" if check.over else ""
            words = f"{check.run}: {check.column} of {check.layer}{over} layer, {step}"
            return _held(check, words, _layer(view, check))


def metric(view: RunView, name: str, pick: str = "last") -> float | None:
    """A metric of the evaluations, or a column of the steps; None where there is none."""
    if pick == "last" and name in view.metrics:
        return view.metrics[name]  # of restored weights, where early stopping put them back
    values = column(view, name)[1]
    if name in SAMPLED:
        values = values[~np.isnan(values)]
    if pick == "last":
        return float(values[-1]) if len(values) else None
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    return float(values.min() if pick == "lowest" else values.max())


def column(view: RunView, name: str) -> tuple[Floats, Floats]:
    """Steps and values of a column of the evaluations, or else of the steps."""
    evals = view.table("evals")
    table: TableView = evals if name in evals.columns else view.table("steps")
    rows = table.tail(table.rows)
    if name not in (rows.dtype.names or ()):
        return np.empty(0), np.empty(0)
    return rows["step"].astype(np.float64), rows[name].astype(np.float64)


def layer_values(view: RunView, name: str, step: str) -> tuple[tuple[str, ...], Floats]:
    """Names of the layers that have a statistic, and it, in the first or the last sampled step, or
    its drift: how far it went from the one to the other."""
    if step == "drift":
        names, first = layer_values(view, name, "first")
        names_last, last = layer_values(view, name, "last")
        # a layer that has it in one of the two only went nowhere that is known
        return (names, np.abs(last - first)) if names == names_last else ((), np.empty(0))
    table = view.table("layers")
    rows = table.read(0, 1) if step == "first" else table.tail(1)
    if not len(rows) or name not in (rows.dtype.names or ()):
        return (), np.empty(0)
    values = rows[name][0].astype(np.float64)
    has = ~np.isnan(values)
    names = tuple(layer.name for layer, there in zip(view.layers, has, strict=False) if there)
    return names, values[has]


def _layer(view: RunView, check: LayerCheck) -> float | None:
    names, values = layer_values(view, check.column, check.step)
    kinds = {layer.name: layer.kind for layer in view.layers}
    kept = [i for i, name in enumerate(names) if check.kind in ("", kinds[name])]
    names, values = tuple(names[i] for i in kept), values[kept]
    value = _of(names, values, check.layer)
    if value is None or not check.over:
        return value
    other = _of(names, values, check.over)
    if other is None:
        return None
    return value / other if other else math.inf if value else math.nan


def _of(names: tuple[str, ...], values: Floats, which: str) -> float | None:
    if not len(values):
        return None
    match which:
        case "first":
            return float(values[0])
        case "last":
            return float(values[-1])
        case "greatest":
            return float(values.max())
        case "least":
            return float(values.min())
    return float(values[names.index(which)]) if which in names else None


def _gain(views: Mapping[str, RunView], check: EnsembleCheck) -> float | None:
    members = [views[label] for label in (check.run, *check.beside)]
    try:
        gain = ensemble(members)["gain"].get(check.metric)
    except UserError:
        return None  # one of them failed, and its own row says so
    return None if gain is None else float(gain)


_PICKS: dict[str, Callable[[Floats], Any]] = {
    "lowest": np.min,
    "highest": np.max,
    "median": np.median,
}


def _of_trials(check: TrialsCheck, views: Mapping[str, RunView]) -> Judged:
    from tuiwb.client.trials import arms, results

    def picked(arm: str) -> float | None:
        values = results(arms(views).get(arm, ()), check.metric)
        values = values[np.isfinite(values)]
        return float(_PICKS[check.pick](values)) if len(values) else None

    words, value = f"{check.pick} {check.metric}: {check.run}", picked(check.run)
    if check.over:
        words, other = f"{words} - {check.over}", picked(check.over)
        value = None if value is None or other is None else value - other
    return _held(check, words, value)


def _reached(view: RunView, check: ReachCheck) -> float:
    steps, values = column(view, check.metric)
    if not len(values):
        return math.inf
    there = values <= check.level if check.falling else values >= check.level
    return float(steps[int(np.argmax(there))]) if there.any() else math.inf


def _held(check: Bounded, words: str, value: float | None) -> Judged:
    known = value is not None and not math.isnan(value)
    if check.at_least is not None:
        met, target = known and value >= check.at_least, f">= {number(check.at_least)}"  # type: ignore[operator]
    else:
        assert check.at_most is not None
        met, target = known and value <= check.at_most, f"<= {number(check.at_most)}"  # type: ignore[operator]
    return Judged(words, value, target, met, check.reason)


def _word(
    check: StateCheck | FindingCheck, words: str, value: str, target: str, met: bool
) -> Judged:
    return Judged(words, value, target, met, check.reason)
