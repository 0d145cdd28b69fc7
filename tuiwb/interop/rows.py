"""Tables for what leaves the house: rows in pieces, and one name for each number in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from tuiwb.base.errors import UserError
from tuiwb.run.view import RunView, TableView

_BYTES = 1 << 22


def filled(run: RunView, step: int | None) -> dict[str, TableView]:
    """The tables of ``run`` that have rows. `UserError` where none has, or a ``step`` is asked for:
    tables go out whole."""
    if step is not None:
        raise UserError(
            "tables are exported whole", where=f"--step {step}", next="leave --step out"
        )
    tables = {name: table for name, table in run.tables.items() if table.rows}
    if not tables:
        raise UserError(f"{run.id} has no rows yet", where=str(run.path))
    return tables


def pieces(table: TableView) -> Iterator[npt.NDArray[np.void]]:
    """The rows of ``table`` from the first to the last, some megabytes at a time."""
    at = 0
    while at < table.rows:
        size = max(1, table.parts[-1][0].dtype.itemsize)
        rows = table.read(at, at + max(1, _BYTES // size))
        if not len(rows):
            return  # the file has become shorter under our hands
        yield rows
        at += len(rows)


def heads(table: TableView, layers: Sequence[str]) -> list[str]:
    """A name for each number of a row: the column's; of one with a value a layer, the column's and
    the layer's (its number, where the run has other layers)."""
    dtype = table.parts[-1][0].dtype
    found = []
    for name in dtype.names or ():
        shape = dtype[name].shape
        if not shape:
            found.append(name)
            continue
        named = layers if len(layers) == shape[0] else [str(i) for i in range(shape[0])]
        found += [f"{name}/{layer}" for layer in named]
    return found
