"""One column of several runs as series, ready to be laid over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from tuiwb.client.lessons import Floats, column, layer_values
from tuiwb.client.trials import arms, best_so_far, results
from tuiwb.run.view import RunView

BUCKETS = 400
"""More than the columns of a wide terminal: no peak between two columns is lost."""
BY_LAYER = "layers."
"""What begins a column that is laid out layer by layer, not step by step."""

BANDS = {"act_median": ("act_low", "act_high")}
"""Columns of a layer that have a band of their own around them."""

BY_TRIAL = ("highest.", "lowest.")
"""What begins a metric that is laid out trial by trial, each sampler's best so far."""


class Series(NamedTuple):
    """A run's share of an overlay; ``low`` and ``high`` are the band of long ones."""

    label: str
    x: Floats
    y: Floats
    low: Floats | None = None
    high: Floats | None = None
    nonfinite: np.ndarray | int = 0


def series(
    name: str, views: Mapping[str, RunView], since: Mapping[str, float] = MappingProxyType({})
) -> tuple[Series, ...]:
    """Column ``name`` of the runs by their labels: over steps, or with ``layers.COLUMN`` over the
    layers in the first sampled step, or with ``layers.COLUMN@LAYER`` (first, last or a name) over
    the sampled steps of one layer. A run that has no such column gives an empty one. With
    ``highest.METRIC`` or ``lowest.METRIC`` a series is a sampler's best so far, over its trials.
    Over steps, a run's series begins at the step that ``since`` gives."""
    if name.startswith(BY_LAYER):
        return tuple(_by_layer(label, view, name) for label, view in views.items())
    if name.startswith(tuple(BY_TRIAL)):
        return tuple(_by_trial(arm, trials, name) for arm, trials in arms(views).items())
    return tuple(_by_step(label, view, name, since.get(label)) for label, view in views.items())


def _by_layer(label: str, view: RunView, name: str) -> Series:
    column, at, layer = name.removeprefix(BY_LAYER).partition("@")
    if at:
        return _of_layer(label, view, column, layer)
    _, y = layer_values(view, column, "first")
    return Series(label, np.arange(1.0, len(y) + 1), y)


def _of_layer(label: str, view: RunView, column: str, layer: str) -> Series:
    having = layer_values(view, column, "last")[0]
    name = {"first": having[:1], "last": having[-1:]}.get(layer, (layer,))
    rows = view.table("layers").tail(view.table("layers").rows)
    if not having or name[0] not in having:
        return Series(label, np.empty(0), np.empty(0))
    place = [known.name for known in view.layers].index(name[0])
    rows = rows[:: -(-len(rows) // BUCKETS)]

    def values(of: str) -> Floats:
        return np.asarray(rows[of][:, place], dtype=np.float64)

    band = [values(edge) for edge in BANDS.get(column, ()) if edge in (rows.dtype.names or ())]
    low, high = band if len(band) == 2 else (None, None)
    return Series(label, rows["step"].astype(np.float64), values(column), low, high)


def _by_trial(arm: str, trials: Sequence[RunView], name: str) -> Series:
    pick, _, metric = name.partition(".")
    best = best_so_far(results(trials, metric), pick == "lowest")
    return Series(arm, np.arange(1.0, len(best) + 1), best)


def _by_step(label: str, view: RunView, name: str, since: float | None) -> Series:
    table = view.table("evals" if name in view.table("evals").columns else "steps")
    if table.rows > BUCKETS and name in table.columns:
        curve = table.envelope(name, BUCKETS, lo=since or None)
        return Series(label, curve.x, curve.mean, curve.low, curve.high, curve.nonfinite)
    x, y = column(view, name)
    kept = x >= (since or 0.0)
    return Series(label, x[kept], y[kept])
