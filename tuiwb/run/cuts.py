"""A few values out of rows that are too wide to be read whole: one layer's histograms."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tuiwb.run.tableview import TableView

Array = npt.NDArray[Any]

MOST = 4096
"""Rows that are read, an even share of longer tables: a run of 10^9 steps takes a thousand
histograms, but a table may be a stranger's."""


def cut(
    table: TableView, column: str, first: int, stop: int, x: str = "step"
) -> tuple[Array, Array]:
    """``(x[N], values[N, stop - first])`` of all visible rows, float64, in the table's order; what
    a segment lacks is left out."""
    every = max(1, -(-table.rows // MOST))
    places, taken = [np.empty(0)], [np.empty((0, max(0, stop - first)))]
    for segment, rows in table.parts:
        if {x, column} - set(segment.columns) or segment.shape(x) != ():
            continue
        shape = segment.shape(column)
        if len(shape) != 1 or not 0 <= first < stop <= shape[0]:
            continue
        numbers = range(0, rows, every)
        at, values = segment.part(x, numbers, 0, 1), segment.part(column, numbers, first, stop)
        whole = min(len(at), len(values))
        places.append(at[:whole, 0].astype(np.float64))
        taken.append(values[:whole].astype(np.float64))
    return np.concatenate(places), np.concatenate(taken)
