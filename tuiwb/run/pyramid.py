"""Summaries of a column in blocks of rows: extend as the table grows, never look back.

One level is enough: 10 million rows are 156 thousand blocks, reduced to any chart's columns in
about a millisecond, and 64 rows are a single small read at each edge of a chart column.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

BLOCK = 64
"""Rows in one block."""


class Summary(NamedTuple):
    """Reductions of groups of rows; arrays of shape (groups, ...).

    Over finite values only: ``low`` is +inf, ``high`` -inf and ``total`` 0 where there are none;
    ``finite`` counts them.
    """

    low: Array
    high: Array
    total: Array
    finite: Array

    def take(self, part: slice) -> Summary:
        return Summary(*(array[part] for array in self))


class Blocks:
    """The summary of one column, one group per whole block; ``rows`` rows are covered."""

    def __init__(self, shape: tuple[int, ...] = ()) -> None:
        self.shape = shape
        self.rows = 0
        self.cache: dict[int, Array] = {}
        # the last answers, by number of edges: while a run is followed only its end is new
        self.found: dict[int, tuple[Array, Array, int]] = {}
        self.reduced: dict[int, tuple[Array, Summary]] = {}
        self._store: Summary | None = None

    def extend(self, values: Array) -> None:
        """Add values of shape (k * BLOCK, *shape): the rows that follow those already here."""
        # one copy turns a column out of its rows and the blocks on their side: whole lines are
        # then compared with each other, which takes half the time of going along each
        new = summarise_rows(as_float(values.reshape(-1, BLOCK, *self.shape).swapaxes(0, 1)))
        begin = self.rows // BLOCK
        end = begin + len(new.low)
        if self._store is None:
            self._store = Summary(*(np.empty((256, *a.shape[1:]), a.dtype) for a in new))
        if end > len(self._store.low):
            size = max(end, 2 * len(self._store.low))
            self._store = Summary(*(_grown(a, begin, size) for a in self._store))
        for kept, added in zip(self._store, new, strict=True):
            kept[begin:end] = added
        self.rows = end * BLOCK

    def summary(self) -> Summary:
        """What is known so far: views, one group per whole block."""
        if self._store is None:
            return summarise_rows(np.empty((BLOCK, 0, *self.shape), np.float32))
        return self._store.take(slice(0, self.rows // BLOCK))


def summarise_rows(values: Array) -> Summary:
    """Reduce values of shape (rows, groups, ...) over their rows."""
    low, high = values.min(axis=0, initial=np.inf), values.max(axis=0, initial=-np.inf)
    rows = len(values)
    # NaN and infinities come through: without them, which is the rule, two passes are enough
    if rows and bool(np.isfinite(low).all() and np.isfinite(high).all()):
        count = np.full(values.shape[1:], rows, np.uint8)  # of at most BLOCK
        return Summary(low, high, values.sum(axis=0, dtype=np.float64), count)
    finite = np.isfinite(values)
    count = finite.sum(axis=0, dtype=np.uint8)
    return Summary(
        np.where(finite, values, np.inf).min(axis=0, initial=np.inf),
        np.where(finite, values, -np.inf).max(axis=0, initial=-np.inf),
        np.where(finite, values, 0).sum(axis=0, dtype=np.float64),
        count,
    )


def as_float(values: Array) -> Array:
    """A contiguous copy in the smallest float type that holds the values exactly."""
    kind, size = values.dtype.kind, values.dtype.itemsize
    wide = (kind == "f" and size == 8) or (kind in "iu" and size > 2)
    return np.ascontiguousarray(values, np.float64 if wide else np.float32)


def reduce_groups(summary: Summary, starts: Array, stops: Array) -> Summary:
    """Merge consecutive groups [start, stop) of a summary; ranges ascend, empty ones may be."""
    shape = summary.low.shape[1:]
    merged = nothing(len(starts), shape)
    full = np.flatnonzero(starts < stops)
    if not len(full):
        return merged
    # reduceat wants start, stop, start, stop, ... and runs from the last one to the array's end
    first, last = starts[full[0]], stops[full[-1]]
    bounds = (np.stack((starts[full], stops[full]), axis=1).reshape(-1) - first)[:-1]
    for source, target, ufunc in zip(summary, merged, _UFUNCS, strict=True):
        kind = np.int64 if source.dtype == np.uint8 else source.dtype
        target[full] = ufunc.reduceat(source[first:last], bounds, axis=0, dtype=kind)[::2]
    return merged


def merge(a: Summary, b: Summary) -> Summary:
    """The summary of each group's rows in ``a`` and ``b`` together."""
    return Summary(*(u(x, y) for u, x, y in zip(_UFUNCS, a, b, strict=True)))


def nothing(groups: int, shape: tuple[int, ...] = ()) -> Summary:
    """The summary of groups without rows."""
    full = (groups, *shape)
    return Summary(
        np.full(full, np.inf),
        np.full(full, -np.inf),
        np.zeros(full),
        np.zeros(full, np.int64),
    )


_UFUNCS = (np.minimum, np.maximum, np.add, np.add)


def _grown(array: Array, used: int, size: int) -> Array:
    larger = np.empty((size, *array.shape[1:]), array.dtype)
    larger[:used] = array[:used]
    return larger
