"""A heat map's values brought to the cells there are: columns by time, rows by groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tuiwb.plots.palette import LEVELS
from tuiwb.plots.scales import Floats, Scale

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Grid:
    """What a heat map's cells show, each array (rows, columns): the colour level 0..LEVELS-1
    (-1 where nothing was measured), where a value was zero or less on a log scale, and where a
    value was infinite."""

    level: npt.NDArray[np.int64]
    zero: Mask
    infinite: Mask


def columns(xs: Floats, values: Floats, scale: Scale, count: int) -> Floats:
    """(R, C) at ``xs`` (C,) as (R, count): the largest of what falls into a column.

    Columns between samples repeat the sample before; before the first and after the last there is
    nothing (NaN). Infinities win over numbers, so none is lost.
    """
    out = np.full((values.shape[0], count), np.nan)
    unit = scale.unit(xs)
    shown = (unit >= 0) & (unit <= 1)
    if not shown.any() or not count or not values.shape[0]:
        return out
    place = np.rint(unit[shown] * (count - 1)).astype(np.intp)
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    with np.errstate(invalid="ignore"):
        merged = np.fmax.reduceat(_loud(values[:, shown]), starts, axis=1)
    filled = np.searchsorted(place[starts], np.arange(count), side="right") - 1
    inside = (filled >= 0) & (np.arange(count) <= place[-1])
    out[:, inside] = merged[:, filled[inside]]
    return out


@dataclass(frozen=True)
class RowPlan:
    """How rows share the lines of a plot, top to bottom, none left out.

    Group g holds the rows from ``starts[g]`` (G,) up to the next start; slot j (there are one or
    two in a line of text) shows group ``shows[j]``; line l is named after the rows ``named[l]``.
    """

    starts: npt.NDArray[np.intp]
    shows: npt.NDArray[np.intp]
    named: dict[int, range]

    @property
    def sharing(self) -> str:
        """ "2" or "1-2": how many rows a named line stands for."""
        sizes = {len(rows) for rows in self.named.values()}
        low, high = min(sizes, default=1), max(sizes, default=1)
        return f"{high}" if low == high else f"{low}-{high}"


def plan_rows(rows: int, lines: int, slots: int) -> RowPlan:
    """Spread ``rows`` evenly over ``lines`` of ``slots`` places each."""
    places = lines * slots
    if rows < 1 or places < 1:
        return RowPlan(np.empty(0, np.intp), np.empty(0, np.intp), {})
    first_row = np.arange(places) * rows // places
    starts, first_slot = np.unique(first_row, return_index=True)
    shows = np.searchsorted(starts, first_row)
    if rows <= lines:  # a row has whole lines: its name goes to the middle one
        count = np.bincount(shows)
        at = (first_slot + (count - 1) // 2) // slots
    else:
        at = first_slot // slots
    named: dict[int, range] = {}
    ends = np.append(starts[1:], rows)
    for line, start, end in zip(at.tolist(), starts.tolist(), ends.tolist(), strict=True):
        named[line] = range(named[line].start if line in named else start, end)
    return RowPlan(starts, shows, named)


def merge_rows(values: Floats, starts: npt.NDArray[np.intp]) -> Floats:
    """(R, C) as (G, C): the largest of each group of rows."""
    if not values.shape[0] or starts.size == values.shape[0]:
        return values
    return np.fmax.reduceat(_loud(values), starts, axis=0)


def quantise(values: Floats, scale: Scale) -> Grid:
    """Values as colour levels; what is beyond the scale's ends takes the colour of the end."""
    infinite = np.isinf(values)
    with np.errstate(invalid="ignore"):
        zero = (values <= 0) & ~infinite if scale.log else np.zeros(values.shape, dtype=np.bool_)
    unit = scale.unit(values)
    level = np.floor(np.clip(np.nan_to_num(unit, nan=0.0), 0.0, 1.0) * LEVELS).astype(np.int64)
    level = np.minimum(level, LEVELS - 1)
    level = np.where(np.isnan(values), -1, level)
    return Grid(np.where(zero, 0, level), zero, infinite)


def _loud(values: Floats) -> Floats:
    """-inf as inf: both are news, and a maximum would hide one of them."""
    return np.where(np.isinf(values), np.inf, values)
