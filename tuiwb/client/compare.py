"""Runs beside each other: the knobs in which they differ, what came of it, where they part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tuiwb.base.errors import UserError, nearest
from tuiwb.client.lessons import metric
from tuiwb.client.lineage import forked, splits
from tuiwb.client.overlay import Series, series
from tuiwb.doctor.facts import flat
from tuiwb.run.in_force import settings
from tuiwb.run.view import RunView

_CLOCK = ("step", "time")


@dataclass(frozen=True)
class Comparison:
    """Runs by their labels, and what tells them apart."""

    views: Mapping[str, RunView]
    knobs: Mapping[str, Mapping[str, Any]]
    """Key -> label -> value, of knobs that differ or were set in one of them; a run that has no
    such knob is left out."""
    set: Mapping[str, Mapping[str, Sequence[tuple[int, Any]]]]
    """Key -> label -> (step, value) of what was set while it trained."""
    metrics: Mapping[str, Mapping[str, float]]
    """Name -> label -> the last value."""
    splits: Mapping[str, float]
    """Label -> the step from which its curve is its own; 0 where it shares none."""

    def curves(self, column: str) -> tuple[Series, ...]:
        """One series a run; what it shares with one before it is drawn once.

        Raises `UserError` where none of the runs has the column.
        """
        drawn = series(column, self.views, self.splits)
        if not any(len(one.x) for one in drawn):
            raise self._unknown(column)
        return drawn

    def forks(self) -> dict[str, tuple[str, int]]:
        """Label -> parent and step, of the runs that are forks."""
        found = {label: forked(view.meta) for label, view in self.views.items()}
        return {label: parent for label, parent in found.items() if parent is not None}

    def _unknown(self, column: str) -> UserError:
        tables = [view.table(name) for view in self.views.values() for name in ("evals", "steps")]
        known = list(dict.fromkeys(c for t in tables for c in t.columns if c not in _CLOCK))
        return UserError(
            f"none of these runs has {column}",
            where="--metric",
            found=column,
            allowed=", ".join(known) or "nothing has been measured yet",
            nearest=nearest(column, known),
        )


def compare(views: Sequence[RunView]) -> Comparison:
    """Put runs beside each other. Raises `UserError`: fewer than two, or one twice."""
    places: dict[Path, str] = {}
    for view in views:
        if view.path.resolve() in places:
            raise UserError(
                f"{view.id} is named twice", found=view.id, allowed="two or more different runs"
            )
        places[view.path.resolve()] = view.id
    if len(views) < 2:
        raise UserError(
            "one run alone cannot be compared",
            found=", ".join(view.id for view in views),
            allowed="two or more runs",
            next="tuiwb ls lists the runs",
        )
    ids = [view.id for view in views]
    by_label = {v.id if ids.count(v.id) == 1 else str(v.path): v for v in views}
    all_knobs = {label: knobs_of(view) for label, view in by_label.items()}
    was_set = {label: _set(view) for label, view in by_label.items()}
    keys = dict.fromkeys(key for knobs in all_knobs.values() for key in knobs)
    apart = [
        key
        for key in keys
        if any(key in found for found in was_set.values())
        or any(knobs.get(key, _NONE) != all_knobs[label].get(key, _NONE)
               for knobs in all_knobs.values() for label in by_label)
    ]  # fmt: skip
    names = dict.fromkeys(["loss", *(name for view in views for name in view.metrics)])
    metrics = {
        name: {
            label: value
            for label, view in by_label.items()
            if (value := metric(view, name)) is not None
        }
        for name in names
    }
    return Comparison(
        by_label,
        {
            key: {label: knobs[key] for label, knobs in all_knobs.items() if key in knobs}
            for key in apart
        },
        {
            key: {label: found[key] for label, found in was_set.items() if key in found}
            for key in apart
        },
        {name: values for name, values in metrics.items() if values},
        splits(by_label),
    )


_NONE = object()


def knobs_of(view: RunView) -> dict[str, Any]:
    """Every knob of a run that trains differently by it; of a loop of one's own what it told."""
    if view.spec is None:
        told = view.meta.get("hparams")
        return {str(key): value for key, value in told.items()} if isinstance(told, dict) else {}
    plain = flat(msgspec.to_builtins(view.spec.spec))
    return {key: value for key, value in plain.items() if not key.startswith("about.")}


def _set(view: RunView) -> dict[str, list[tuple[int, Any]]]:
    found: dict[str, list[tuple[int, Any]]] = {}
    for setting in settings(view.events):
        for key, value in setting.args.items():
            found.setdefault(key, []).append((setting.step, value))
    return found
