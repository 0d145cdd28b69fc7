"""What the rules would have seen at an earlier moment of a run, from what its tables hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.window import (
    EVALS,
    LAYERS,
    RANKS,
    SMOOTH,
    STEPS,
    SYSTEM,
    Array,
    Columns,
    Facts,
    Window,
    columns,
)
from tuiwb.run.in_force import settings
from tuiwb.run.view import RunView, TableView

ROUNDS = 200
"""Windows into a run's past, at most; a longer one is looked at in as many places."""


class LookingBack:
    """Windows into the past of the run in ``view``, by the rows of its steps; ``facts`` are those
    that it began with."""

    def __init__(self, view: RunView, facts: Facts) -> None:
        self._view = view
        self._facts = facts
        self._steps = view.table("steps")
        self._settings = settings(view.events)

    def moments(self, stop: int | None = None) -> list[int]:
        """Numbers of rows, up to ``stop``, at which a window is worth cutting; the last is all."""
        rows = self._steps.rows if stop is None else stop
        stride = max(SMOOTH, -(-rows // ROUNDS))
        return [*range(stride, rows, stride), rows] if rows else []

    def rows_until(self, step: int) -> int:
        """How many rows there are of steps up to ``step``."""
        return count_until(self._steps, "step", step)

    def smoothed(self, stop: int) -> float:
        """The loss at row ``stop``, smoothed; infinite before there is one."""
        if stop < SMOOTH:
            return float(np.inf)
        return float(np.median(self._steps.read(stop - SMOOTH, stop)["loss"]))

    def window(self, stop: int, best: float | None = None) -> Window:
        """What the rules saw after row ``stop``. ``best`` is the lowest smoothed loss until then,
        which is looked for where it is not given."""
        recent = columns(self._steps.read(stop - STEPS, stop))
        step, now = recent["step"][-1], recent["time"][-1]
        if best is None:
            best = float(np.nanmin([np.inf, *map(self.smoothed, self.moments(stop))]))
        evals, eval_mode = self._evaluations, self._eval_mode_losses
        seen = evals.get("step", np.empty(0)) <= step
        return Window(
            steps=recent,
            evals={name: values[seen][-EVALS:] for name, values in evals.items()}
            | ({"eval_mode_loss": eval_mode[seen][-EVALS:]} if seen.any() else {}),
            layers=_until(self._view.table("layers"), "step", step, LAYERS),
            system=_until(self._view.table("system"), "time", now, SYSTEM),
            ranks=_until(self._view.table("ranks"), "step", step, RANKS),
            facts=self._facts_at(int(step)),
            first_loss=self._first_loss,
            first_layers=self._first_layers,
            best_loss=best,
            now=now,
        )

    def _facts_at(self, step: int) -> Facts:
        """The facts with the knobs that ``step`` was trained with."""
        late = [s.args for s in self._settings if s.step < step]
        spec = dict(self._facts.spec)
        for args in late:
            spec |= args
        return replace(self._facts, spec=spec) if late else self._facts

    @cached_property
    def _first_loss(self) -> float:
        return float(self._steps.read(0, 1)["loss"][0])

    @cached_property
    def _first_layers(self) -> Columns:
        first = columns(self._view.table("layers").read(0, 1))
        return {name: values[0] for name, values in first.items() if len(values)}

    @cached_property
    def _evaluations(self) -> dict[str, Array]:
        """All evaluations, with the median training loss since the one before."""
        found = columns(self._view.table("evals").tail(EVALS))
        if not len(found.get("step", ())):
            return {}
        losses, since = [], 0
        for step in found["step"]:
            stop = count_until(self._steps, "step", step)
            rows = self._steps.read(max(since, stop - STEPS), stop)["loss"]
            losses.append(float(np.median(rows)) if len(rows) else np.nan)
            since = stop
        return found | {"train_loss": np.array(losses)}

    @cached_property
    def _eval_mode_losses(self) -> Array:
        told = {
            event.get("step"): event.get("eval_mode_loss")
            for event in self._view.events
            if event.get("kind") == "evaluation"
        }
        steps = self._evaluations.get("step", np.empty(0))
        return np.array([_number(told.get(int(step))) for step in steps])


def told(event: Mapping[str, Any]) -> Finding | None:
    """A finding out of the journal; None where the event is not whole."""
    remedy, evidence, causes = (event.get(key) for key in ("remedy", "evidence", "causes"))
    symptom, step, until = (event.get(key) for key in ("symptom", "step", "until"))
    if not isinstance(symptom, str) or not isinstance(step, int) or not isinstance(until, int):
        return None
    remedy = remedy if isinstance(remedy, Mapping) else {}
    change, tier = remedy.get("change"), remedy.get("tier")
    return Finding(
        symptom=symptom,
        severity="alarm" if event.get("severity") == "alarm" else "warning",
        step=step,
        until=until,
        evidence=evidence if isinstance(evidence, Mapping) else {},
        causes=tuple(map(str, causes)) if isinstance(causes, list) else (),
        remedy=Remedy(
            tier if tier in ("hot", "branch") else "restart",
            change if isinstance(change, Mapping) else {},
            str(remedy.get("words", "")),
        ),
        source=str(event.get("source", "")),
        words=str(event.get("words", "")),
    )


def count_until(table: TableView, column: str, bound: float) -> int:
    """How many rows there are whose ``column``, which only grows, is at or before ``bound``."""
    low, high = 0, table.rows
    while low < high:
        middle = (low + high) // 2
        row = table.read(middle, middle + 1)
        if len(row) and row[column][0] <= bound:
            low = middle + 1
        else:
            high = middle
    return low


def _until(table: TableView, column: str, bound: float, rows: int) -> dict[str, Array]:
    """The last ``rows`` of a table whose ``column`` is at or before ``bound``."""
    if column not in table.columns:
        return {}
    stop = count_until(table, column, bound)
    return columns(table.read(max(0, stop - rows), stop))


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else np.nan
