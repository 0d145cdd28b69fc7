"""A table of very many rows: how fast it grows, and how long a chart of it takes.

    python -m tests.benchmarks.tables [ROWS]

Rows are those of the steps of a run. They are written one at a time, as a trainer does, and then a
block at a time to the size that is asked for; what is read is in the system's file cache.
"""

from __future__ import annotations

import collections
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tuiwb.run.schema import STEPS, dtype_steps
from tuiwb.run.table import TableWriter
from tuiwb.run.tables import Tables

ROWS = 10_000_000
BLOCK = 100_000
SINGLE = 100_000
WIDTH = 400
"""Buckets of a chart: two for each column of a wide terminal."""


@dataclass(frozen=True)
class Measured:
    """Seconds, but for what is said otherwise."""

    rows: int
    megabytes: float
    row: float
    """Of one row that is appended by itself."""
    first: float
    """Of a column's first chart: all rows are read once."""
    grown: float
    """Of the chart after 1 000 more rows."""
    zoomed: float
    """Of the chart of one row in a thousand, in the middle."""
    last: float
    """Of the newest row."""

    def __str__(self) -> str:
        return (
            f"{self.rows:,} rows: {self.megabytes:.0f} MB; a row is appended in "
            f"{self.row * 1e6:.1f} us; a chart: {self.first:.2f} s at first, "
            f"{self.grown * 1e3:.1f} ms after 1 000 more rows, {self.zoomed * 1e3:.1f} ms zoomed "
            f"in; the newest row: {self.last * 1e3:.2f} ms"
        )


def filled(writer: TableWriter, rows: int) -> np.ndarray:
    """The next ``rows`` rows of a loss that falls and is noisy."""
    made = np.zeros(rows, writer.dtype)
    made["step"] = np.arange(writer.rows + 1, writer.rows + rows + 1)
    made["time"] = 1.75e9 + made["step"] * 1e-3
    draws = np.random.default_rng(writer.rows).standard_normal(rows)
    made["loss"] = 2 / np.sqrt(made["step"]) + 0.1 * draws
    return made


def seconds(what: Callable[[], object]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def measure(rows: int) -> Measured:
    """A table of so many rows, written and read."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with TableWriter(folder, STEPS, dtype_steps()) as writer:
            block = filled(writer, min(SINGLE, rows))
            each = [block[n : n + 1] for n in range(len(block))]
            row = seconds(lambda: collections.deque(map(writer.append, each), 0)) / len(each)
            while writer.rows < rows:
                writer.append(filled(writer, min(BLOCK, rows - writer.rows)))
            tables = Tables(folder)

            def chart(lo: float | None = None, hi: float | None = None) -> int:
                view = tables.poll()[STEPS]
                return len(view.envelope("loss", WIDTH, lo=lo, hi=hi).x)

            first = seconds(chart)
            writer.append(filled(writer, 1000))
            grown = seconds(chart)
            zoomed = seconds(lambda: chart(rows * 0.5, rows * 0.501))
            last = seconds(lambda: tables.poll()[STEPS].tail(1))
            assert tables.poll()[STEPS].rows == rows + 1000
            tables.close()
            size = writer.path.stat().st_size / 1e6
    return Measured(rows, size, row, first, grown, zoomed, last)


if __name__ == "__main__":
    print(measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS))
