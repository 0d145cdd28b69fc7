"""A folder with a CSV file for each table: a row a step, columns by their names.

Columns that hold one value a layer become one column a layer. Numbers are the shortest texts that
read back as the same number; what is not finite is nan, inf or -inf.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tuiwb.base.plain import create_private
from tuiwb.interop.rows import filled, heads, pieces
from tuiwb.run.view import RunView

SUFFIX = "-csv"
_FORMULA = ("=", "+", "-", "@")
"""How a cell begins that spreadsheets would calculate: a name of a stranger's must not."""


def export(run: RunView, out: Path, step: int | None) -> str:
    """Write the tables of ``run``; see `tuiwb.interop.formats`."""
    tables = filled(run, step)
    os.mkdir(out, 0o700)
    names = tuple(layer.name for layer in run.layers)
    for name, table in tables.items():
        with os.fdopen(create_private(out / f"{name}.csv"), "w", newline="", encoding="utf-8") as f:
            writer = csv.writer(f, lineterminator="\n")
            writer.writerow([f"'{h}" if h.startswith(_FORMULA) else h for h in heads(table, names)])
            for rows in pieces(table):
                writer.writerows(_texts(rows))
    return ", ".join(f"{name}.csv ({table.rows} rows)" for name, table in tables.items())


def _texts(rows: npt.NDArray[np.void]) -> Iterator[Sequence[str]]:
    columns = []
    for name in rows.dtype.names or ():
        values = rows[name].reshape(len(rows), -1)
        columns += [[str(value) for value in column] for column in values.T]
    return zip(*columns, strict=True)
