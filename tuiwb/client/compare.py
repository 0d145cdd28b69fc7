"""Runs beside each other: the knobs in which they differ, what came of it, where they part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tuiwb.base.errors import UserError, nearest
from tuiwb.client.lessons import metric
from tuiwb.client.lineage import forked, splits
from tuiwb.client.overlay import Series, series
from tuiwb.doctor.facts import flat
from tuiwb.run.in_force import settings
from tuiwb.run.schema import SAMPLED
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
    return Comparer().compare(by_label)


class Comparer:
    """Puts the same runs beside each other again and again: what cannot have changed since the
    last time is not worked out anew."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._splits: tuple[tuple[str, ...], dict[str, float]] = ((), {})

    def compare(self, views: Mapping[str, RunView]) -> Comparison:
        """Runs by their labels, one or none as well."""
        known = {label: self._look(label, view) for label, view in views.items()}
        keys = dict.fromkeys(key for one in known.values() for key in one.knobs)
        apart = [
            key
            for key in keys
            if any(key in one.set for one in known.values())
            or not _alike([one.knobs.get(key, _NONE) for one in known.values()])
        ]
        names = dict.fromkeys(["loss", *(name for view in views.values() for name in view.metrics)])
        metrics = {
            name: {
                label: value
                for label, view in views.items()
                if (value := last(view, name)) is not None
            }
            for name in names
        }
        return Comparison(
            views,
            {key: {n: one.knobs[key] for n, one in known.items() if key in one.knobs}
             for key in apart},
            {key: {n: one.set[key] for n, one in known.items() if key in one.set}
             for key in apart},
            {name: values for name, values in metrics.items() if values},
            self.splits(views),
        )  # fmt: skip

    def splits(self, views: Mapping[str, RunView]) -> dict[str, float]:
        """Where each run's curve becomes its own, given those before it: read once a choice."""
        labels = tuple(views)
        if self._splits[0] != labels:
            self._splits = labels, splits(views)
        return self._splits[1]

    def _look(self, label: str, view: RunView) -> _Known:
        one = self._known.get(label)
        if one is None or one.spec is not view.spec or one.events is not view.events:
            same = one is not None and one.spec is view.spec and view.spec is not None
            knobs = one.knobs if one is not None and same else knobs_of(view)
            one = self._known[label] = _Known(view.spec, view.events, knobs, _set(view))
        return one


class _Known(NamedTuple):
    """What is known of a run's knobs, and what it was learnt from."""

    spec: object
    events: object
    knobs: dict[str, Any]
    set: dict[str, list[tuple[int, Any]]]


def last(view: RunView, name: str) -> float | None:
    """The newest value of a metric or of a column of the steps, without reading all of them."""
    value = view.table("steps").last(name) if name not in view.metrics else None
    if value is None or (value != value and name in SAMPLED):
        return metric(view, name)
    return value


_NONE = object()


def _alike(values: Sequence[object]) -> bool:
    return all(value == values[0] for value in values[1:])


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
