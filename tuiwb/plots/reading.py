"""What a figure says at one x: the numbers behind a cursor."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tuiwb.plots.figure import Figure, HeatMap, Line
from tuiwb.plots.scales import Floats, floats


@dataclass(frozen=True)
class Reading:
    """A series' sample nearest to the asked x; NaN where there is none."""

    name: str
    x: float
    y: float
    low: float
    high: float


def read(figure: Figure, x: float) -> tuple[Reading, ...]:
    """Every line's sample nearest to ``x``, in the order of the lines."""
    return tuple(_read(line, x) for line in figure.lines)


def read_map(figure: HeatMap, x: float) -> tuple[float, Floats]:
    """The column of values (R,) nearest to ``x`` and its own x; NaNs where there is none."""
    xs, values = grid(figure)
    at = nearest_index(xs, x)
    if at is None:
        return math.nan, np.full(values.shape[0], np.nan)
    return float(xs[at]), values[:, at]


def grid(figure: HeatMap) -> tuple[Floats, Floats]:
    """A heat map's x (C,) and values (R, C) as arrays that fit each other and its row names."""
    xs = floats(figure.x)
    try:
        values = np.asarray(figure.values, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.empty((0, 0))
    if values.ndim != 2:
        values = values.reshape(len(figure.rows), -1) if _divides(values, figure) else xs[:0, None]
    whole = np.full((len(figure.rows), xs.size), np.nan)
    rows, columns = min(whole.shape[0], values.shape[0]), min(xs.size, values.shape[1])
    whole[:rows, :columns] = values[:rows, :columns]
    keep = np.isfinite(xs)
    if not keep.all():
        xs, whole = xs[keep], whole[:, keep]
    if (xs[1:] < xs[:-1]).any():
        order = np.argsort(xs, kind="stable")
        xs, whole = xs[order], whole[:, order]
    return xs, whole


def nearest_index(xs: Floats, x: float) -> int | None:
    """The index of the finite element of ``xs`` nearest to ``x``; None if there is none."""
    if not xs.size or not math.isfinite(x):
        return None
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(xs / 2 - x / 2)
    distance = np.where(np.isnan(distance), np.inf, distance)
    at = int(np.argmin(distance))
    return at if math.isfinite(float(distance[at])) else None


def _divides(values: Floats, figure: HeatMap) -> bool:
    return bool(figure.rows) and values.size > 0 and values.size % len(figure.rows) == 0


def _read(line: Line, x: float) -> Reading:
    xs = floats(line.x)
    at = nearest_index(xs, x)

    def pick(values: Floats) -> float:
        return float(values[at]) if at is not None and at < values.size else math.nan

    return Reading(
        line.name, pick(xs), pick(floats(line.y)), pick(floats(line.low)), pick(floats(line.high))
    )
