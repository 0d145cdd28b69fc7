"""A table as it stood at one moment: the last rows, a curve, a heat map. Never a whole copy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from time import monotonic
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from tuiwb.run.decimate import EMPTY, Axis, Envelope, Part, axis, envelope, reduce, span
from tuiwb.run.pyramid import as_float
from tuiwb.run.segment import Segment

Array = npt.NDArray[Any]

T = TypeVar("T")

_KEEP = 64  # results kept per view: a screen asks for the same few on every repaint


class TableView:
    """A frozen view of a table: the rows of its segments, without those that a later one took back.

    A column that a segment lacks is NaN there. Nothing here raises on a file that has vanished or
    become shorter; there is just less to see. Memory and time stay bounded by what is asked for.
    """

    def __init__(self, name: str, parts: Sequence[Part]) -> None:
        self.name = name
        self.parts = tuple((segment, rows) for segment, rows in parts if rows > 0)
        self.rows = sum(rows for _, rows in self.parts)
        # of each column the newest segment's shape
        self._shapes = {c: segment.shape(c) for segment, _ in parts for c in segment.columns}
        self.columns: tuple[str, ...] = tuple(self._shapes)
        self._axes: dict[tuple[Any, ...], Axis] = {}
        self._kept: dict[tuple[Any, ...], Any] = {}
        self._last: Array | None = None

    def __repr__(self) -> str:
        return f"TableView({self.name!r}, rows={self.rows}, columns={self.columns})"

    def scalars(self) -> tuple[str, ...]:
        """The columns that hold one number a row."""
        return tuple(column for column, shape in self._shapes.items() if shape == ())

    def last(self, column: str) -> float | None:
        """The newest value of a scalar column; None where there is no row or no such column."""
        if self._last is None:
            self._last = self.tail(1)
        if not len(self._last) or column not in (self._last.dtype.names or ()):
            return None
        value = self._last[column][0]
        return float(value) if np.ndim(value) == 0 else None

    def tail(self, n: int) -> Array:
        """The last ``n`` rows (fewer where there are fewer) as a structured array."""
        return self.read(max(0, self.rows - max(0, n)), self.rows)

    def read(self, start: int, stop: int) -> Array:
        """Rows [start, stop) as a structured array with the newest segment's columns."""
        if not self.parts:
            return np.empty(0, [("step", "<i8")])
        start, stop = max(0, start), min(stop, self.rows)
        dtype = self.parts[-1][0].dtype
        pieces, begin = [], 0
        for segment, rows in self.parts:
            first, last = max(start - begin, 0), min(stop - begin, rows)
            if first < last:
                pieces.append(_fitted(segment.read(first, last), dtype))
            begin += rows
        return np.concatenate(pieces) if pieces else np.empty(0, dtype)

    def row_at(self, value: float, x: str = "step") -> np.void | None:
        """The last row whose ``x`` is at or before ``value``: what a cursor there reads out."""
        for segment, rows in reversed(self.parts):
            if _is_scalar(segment, x):
                row = segment.first_at_least(x, np.nextafter(value, np.inf), rows) - 1
                found = segment.read(max(row, 0), row + 1)
                if len(found):
                    return found[0]  # type: ignore[no-any-return]
        return None

    def read_ahead(self, columns: Iterable[str], budget_s: float | None = None) -> None:
        """Take in columns that are to be asked for, all in one pass over the file."""
        wanted = set(columns)
        with np.errstate(all="ignore"):
            for segment, rows in self.parts:
                there = tuple(column for column in segment.columns if column in wanted)
                self._summarise([(segment, rows)], there, budget_s)

    def envelope(
        self,
        column: str,
        buckets: int,
        x: str = "step",
        lo: float | None = None,
        hi: float | None = None,
        budget_s: float | None = None,
    ) -> Envelope:
        """The curve of a scalar column over [lo, hi] of ``x`` (default: all of it).

        Few rows come as they are (low = high = mean); more than ``buckets`` are reduced to equal
        shares of the x range. The first call for a column reads the file once; with ``budget_s``
        it stops there and returns the curve so far, which `RunReader.poll` goes on completing.
        """
        key = ("envelope", column, buckets, x, lo, hi)
        if key in self._kept:
            return self._kept[key]  # type: ignore[no-any-return]
        parts = [p for p in self.parts if _is_scalar(p[0], x) and _is_scalar(p[0], column)]
        with np.errstate(all="ignore"):  # infinities are counted, not warned about
            complete = self._summarise(parts, (x, column), budget_s)
            on = self._axis(parts, x, buckets, lo, hi)
            if on is None:
                curve = EMPTY
            elif _row_count(on) <= buckets:
                curve = _as_they_are(*_raw(parts, on, column))
            else:
                curve = envelope(on, *reduce(parts, on, column))
        return self._keep(key, curve) if complete else curve

    def matrix(
        self,
        column: str,
        buckets: int,
        lo: float | None = None,
        hi: float | None = None,
        x: str = "step",
        budget_s: float | None = None,
    ) -> tuple[Array, Array]:
        """A sub-array column (one value per layer) over x: ``(x[B], values[L, B])``, B <= buckets.

        Each value is the greatest finite one of its bucket, NaN where there is none.
        """
        key = ("matrix", column, buckets, x, lo, hi)
        if key in self._kept:
            return self._kept[key]  # type: ignore[no-any-return]
        shape = self._shapes.get(column, ())
        nothing = np.empty(0), np.empty((*shape, 0) if shape else (0, 0))
        if not shape:
            return nothing
        parts = [
            (s, rows)
            for s, rows in self.parts
            if _is_scalar(s, x) and column in s.columns and s.shape(column) == shape
        ]
        with np.errstate(all="ignore"):
            complete = self._summarise(parts, (x, column), budget_s)
            on = self._axis(parts, x, buckets, lo, hi)
            if on is None:
                result = nothing
            elif _row_count(on) <= buckets:
                at, values = _raw(parts, on, column)
                result = at, np.where(np.isfinite(values), values, np.nan).T
            else:
                summary, count = reduce(parts, on, column, shape)
                kept = (count > 0) & np.isfinite(on.x)
                high = np.where(summary.finite[kept] > 0, summary.high[kept], np.nan)
                result = on.x[kept], high.T
        return self._keep(key, result) if complete else result

    def _summarise(
        self, parts: Sequence[Part], columns: tuple[str, ...], budget_s: float | None
    ) -> bool:
        deadline = math.inf if budget_s is None else monotonic() + budget_s
        complete = True
        for segment, _ in parts:
            complete &= segment.summarise(columns, lambda: monotonic() >= deadline)
        return complete

    def _axis(
        self, parts: list[Part], x: str, buckets: int, lo: float | None, hi: float | None
    ) -> Axis | None:
        if buckets < 1 or not parts:
            return None
        ready = tuple((id(segment), segment.blocks(x).rows) for segment, _ in parts)
        key = (x, buckets, lo, hi, ready)
        if key in self._axes:
            return self._axes[key]
        low, high = lo, hi
        if low is None or high is None:
            extent = span(parts, x)
            if extent is None:
                return None
            low = extent[0] if low is None else low
            high = extent[1] if high is None else high
        if not (math.isfinite(low) and math.isfinite(high) and low <= high):
            return None
        if len(self._axes) >= _KEEP:
            self._axes.clear()
        self._axes[key] = axis(parts, x, buckets, low, high)
        return self._axes[key]

    def _keep(self, key: tuple[Any, ...], value: T) -> T:
        if len(self._kept) >= _KEEP:
            self._kept.clear()
        self._kept[key] = value
        return value


def _is_scalar(segment: Segment, column: str) -> bool:
    return column in segment.columns and segment.shape(column) == ()


def _row_count(on: Axis) -> int:
    return sum(int(rows[-1] - rows[0]) for rows in on.rows)


def _raw(parts: Sequence[Part], on: Axis, column: str) -> tuple[Array, Array]:
    """x and values of the rows on an axis, in ascending x, without rows that have no x."""
    xs, values = [], []
    for (segment, _), rows in zip(parts, on.rows, strict=True):
        chunk = segment.read(int(rows[0]), int(rows[-1]))
        xs.append(as_float(chunk[on.column]).astype(np.float64))
        values.append(as_float(chunk[column]).astype(np.float64))
    at, value = np.concatenate(xs), np.concatenate(values)
    order = np.argsort(at, kind="stable")
    order = order[np.isfinite(at[order])]
    return at[order], value[order]


def _as_they_are(x: Array, values: Array) -> Envelope:
    finite = np.isfinite(values)
    shown = np.where(finite, values, np.nan)
    return Envelope(x, shown, shown, shown, (~finite).astype(np.int64))


def _fitted(rows: Array, dtype: np.dtype[Any]) -> Array:
    """Rows with another segment's columns: NaN (0 for integers) where it has none of them."""
    if rows.dtype == dtype:
        return rows
    fitted = np.zeros(len(rows), dtype)
    for name in dtype.names or ():
        if name in (rows.dtype.names or ()) and rows.dtype[name].shape == dtype[name].shape:
            with np.errstate(all="ignore"):
                fitted[name] = rows[name]
        elif dtype[name].base.kind == "f":
            fitted[name] = np.nan
    return fitted
