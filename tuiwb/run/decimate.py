"""Many rows to the columns of a chart: min, max and mean per bucket, no row left out.

Buckets are equal shares of [lo, hi] on the x axis, the last one closed. A row belongs to the
bucket in which the first row at or past each edge says it is; for ascending x that is the usual
histogram, and a clock that was set back cannot make a curve double back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tuiwb.run.pyramid import BLOCK, Summary, merge, nothing, reduce_groups, summarise_rows
from tuiwb.run.segment import Segment

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Envelope:
    """A curve in at most as many entries as asked for; float64 arrays of one length.

    ``x`` ascends, each inside its bucket (a single row's own x); ``low``, ``high`` and ``mean``
    are of the finite values, NaN where a bucket has none; ``nonfinite`` counts the others (int64).
    """

    x: Array
    low: Array
    high: Array
    mean: Array
    nonfinite: Array

    def __len__(self) -> int:
        return len(self.x)

    def taken(self) -> Envelope:
        """Without the entries that hold no value: for a column that is not taken in every step."""
        there = ~np.isnan(self.mean)
        return Envelope(
            self.x[there],
            self.low[there],
            self.high[there],
            self.mean[there],
            np.zeros(int(there.sum()), np.int64),
        )


_NONE = np.empty(0)
EMPTY = Envelope(_NONE, _NONE, _NONE, _NONE, np.empty(0, np.int64))

Part = tuple[Segment, int]
"""A segment and how many of its rows are visible."""


@dataclass(frozen=True)
class Axis:
    """Buckets on an x column: for each part the row at which each bucket begins, (buckets + 1,)."""

    column: str
    rows: tuple[Array, ...]
    x: Array
    """Middle of each bucket's rows; NaN where it has none. Shape (buckets,)."""


def span(parts: Sequence[Part], column: str) -> tuple[float, float] | None:
    """Least and greatest finite x of the rows; None where there is none."""
    low, high = np.inf, -np.inf
    for segment, stop in parts:
        rows = np.array([0, _ready(segment, stop, column)])
        whole = _reduce(segment, column, rows)
        low, high = min(low, float(whole.low[0])), max(high, float(whole.high[0]))
    return (low, high) if low <= high else None


def axis(parts: Sequence[Part], column: str, buckets: int, lo: float, hi: float) -> Axis:
    """Find the rows of ``buckets`` equal shares of [lo, hi]."""
    edges = np.linspace(lo, hi, buckets + 1)
    edges[-1] = np.nextafter(hi, np.inf)
    found = nothing(buckets)
    starts = []
    for segment, stop in parts:
        rows = _first_at_least(segment, column, edges, _ready(segment, stop, column))
        starts.append(rows)
        found = merge(found, _reduce(segment, column, rows))
    middle = np.where(found.finite > 0, found.low / 2 + found.high / 2, np.nan)
    return Axis(column, tuple(starts), middle)


def reduce(
    parts: Sequence[Part], on: Axis, column: str, shape: tuple[int, ...] = ()
) -> tuple[Summary, Array]:
    """The rows of each bucket over all parts that have the column in that shape, and how many
    rows that is, shape (buckets,)."""
    total, count = nothing(len(on.x), shape), np.zeros(len(on.x), np.int64)
    for (segment, stop), rows in zip(parts, on.rows, strict=True):
        if column in segment.columns and segment.shape(column) == shape:
            rows = np.minimum(rows, _ready(segment, stop, column))
            total = merge(total, _reduce(segment, column, rows))
            count += np.diff(rows)
    return total, count


def envelope(on: Axis, summary: Summary, count: Array) -> Envelope:
    """The curve of what `reduce` gave; buckets without rows are left out."""
    kept = (count > 0) & np.isfinite(on.x)
    low, high, total, finite = (array[kept] for array in summary)
    none = finite == 0
    low[none] = high[none] = np.nan
    # rounding may carry the mean of equal values a hair outside of them
    mean = np.clip(total / np.where(none, 1, finite), low, high)
    return Envelope(on.x[kept], low, high, mean, count[kept] - finite)


def _ready(segment: Segment, stop: int, column: str) -> int:
    """Rows of [0, stop) that can be drawn now: all, or those summarised so far."""
    covered = segment.blocks(column).rows
    return stop if stop - covered < BLOCK else covered


def _first_at_least(segment: Segment, column: str, bounds: Array, stop: int) -> Array:
    """For each ascending bound, the first row of [0, stop) whose x is at or past it."""
    found = segment.blocks(column).found
    before = found.get(len(bounds))
    if before is not None and before[2] <= stop and np.array_equal(before[0], bounds):
        # what was found stays found, rows are only ever added
        known = int(np.searchsorted(before[1], before[2]))
        new = _search(segment, column, bounds[known:], stop)
        rows = np.concatenate((before[1][:known], new))
    else:
        rows = _search(segment, column, bounds, stop)
    _remember(found, len(bounds), (bounds, rows, stop))
    return rows


def _search(segment: Segment, column: str, bounds: Array, stop: int) -> Array:
    whole = min(segment.blocks(column).rows, stop // BLOCK * BLOCK) // BLOCK
    peaks = np.maximum.accumulate(segment.blocks(column).summary().high[:whole].astype(np.float64))
    block = np.searchsorted(peaks, bounds, side="left")
    rows = np.full(len(bounds), stop, np.int64)
    inside = block < whole
    if inside.any():
        numbers, where = np.unique(block[inside], return_inverse=True)
        values = _finite(segment.block_values(column, numbers))[where]
        reached = values >= bounds[inside][:, None]
        rows[inside] = block[inside] * BLOCK + reached.argmax(axis=1)
    if not inside.all() and stop > whole * BLOCK:
        values = _finite(segment.values(column, whole * BLOCK, stop))
        peak = np.fmax.accumulate(values) if len(values) else values
        # leading NaNs compare as "not reached": sort them below everything
        after = np.searchsorted(np.nan_to_num(peak, nan=-np.inf), bounds[~inside], side="left")
        rows[~inside] = np.minimum(whole * BLOCK + after, stop)
    return rows


def _reduce(segment: Segment, column: str, rows: Array) -> Summary:
    """Reduce rows [rows[k], rows[k + 1]) for every k, shape (len(rows) - 1, ...)."""
    reduced = segment.blocks(column).reduced
    before = reduced.get(len(rows))
    same = 0
    if before is not None:
        differs = before[0] != rows
        same = max(0, int(differs.argmax()) - 1) if differs.any() else len(rows) - 1
    if before is None or not same:
        result = _reduce_rows(segment, column, rows)
    elif same == len(rows) - 1:
        result = before[1]
    else:
        new = _reduce_rows(segment, column, rows[same:])
        result = Summary(
            *map(np.concatenate, zip(before[1].take(slice(0, same)), new, strict=True))
        )
    _remember(reduced, len(rows), (rows, result))
    return result


def _remember(answers: dict[int, Any], key: int, answer: Any) -> None:
    if len(answers) >= 8:  # as many charts of different widths show one column
        answers.clear()
    answers[key] = answer


def _reduce_rows(segment: Segment, column: str, rows: Array) -> Summary:
    """Whole blocks by their summaries; the rest (the blocks that an edge cuts, and the unfinished
    last one) row by row."""
    blocks = segment.blocks(column)
    stop = int(rows[-1])
    whole = min(blocks.rows, stop // BLOCK * BLOCK) // BLOCK
    begin = np.minimum(-(-rows[:-1] // BLOCK), whole)
    end = np.minimum(rows[1:] // BLOCK, whole)
    merged = reduce_groups(blocks.summary(), begin, end)
    cut = rows[rows % BLOCK != 0] // BLOCK
    # np.unique would load numpy.ma, which takes longer than all of this
    cut = cut[(cut < whole) & (np.diff(cut, prepend=-1) > 0)]
    raw = segment.block_values(column, cut).reshape(-1, *blocks.shape)
    numbers = (cut[:, None] * BLOCK + np.arange(BLOCK)).reshape(-1)
    tail = max(whole * BLOCK, int(rows[0]))
    if tail < stop:
        last = segment.values(column, tail, stop)
        raw = np.concatenate((raw, last))
        numbers = np.concatenate((numbers, np.arange(tail, tail + len(last))))
    if not len(raw):
        return merged
    at = np.searchsorted(numbers, rows)
    return merge(merged, reduce_groups(summarise_rows(raw[None]), at[:-1], at[1:]))


def _finite(values: Array) -> Array:
    return np.where(np.isfinite(values), values, np.nan)
