"""A folder with a Parquet file for each table, for pandas, Polars, DuckDB and the like.

Numbers are kept as they are, NaN as NaN. Columns that hold one value a layer become one column a
layer, others with several values to a row become lists. What the run is stands in each file's
metadata. The only file of the house that imports pyarrow.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tuiwb.base.errors import UserError
from tuiwb.base.plain import create_private
from tuiwb.base.text import clean
from tuiwb.interop.rows import filled, pieces
from tuiwb.run.view import RunView, TableView
from tuiwb.spec import to_toml

SUFFIX = "-parquet"


def export(run: RunView, out: Path, step: int | None) -> str:
    """Write the tables of ``run``; see `tuiwb.interop.formats`."""
    arrow, parquet = _packages()
    tables = filled(run, step)
    os.mkdir(out, 0o700)
    about = {"tuiwb.run": run.id, "tuiwb.preset": run.preset}
    if run.spec is not None:
        about["tuiwb.spec"] = to_toml(run.spec)
    names = tuple(layer.name for layer in run.layers)
    for name, table in tables.items():
        with os.fdopen(create_private(out / f"{name}.parquet"), "wb") as file:
            _write(arrow, parquet, file, table, names, about)
    return ", ".join(f"{name}.parquet ({table.rows} rows)" for name, table in tables.items())


def _write(
    arrow: Any,
    parquet: Any,
    file: Any,
    table: TableView,
    layers: Sequence[str],
    about: Mapping[str, str],
) -> None:
    writer = None
    try:
        for rows in pieces(table):
            batch = arrow.table(dict(_columns(arrow, rows, layers)))
            if writer is None:
                batch = batch.replace_schema_metadata(about)
                writer = parquet.ParquetWriter(file, batch.schema, compression="zstd")
            writer.write_table(batch)
    finally:
        if writer is not None:
            writer.close()


def _columns(
    arrow: Any, rows: npt.NDArray[np.void], layers: Sequence[str]
) -> Iterator[tuple[str, Any]]:
    for name in rows.dtype.names or ():
        values = rows[name].reshape(len(rows), -1)
        if not rows.dtype[name].shape:
            yield name, arrow.array(np.ascontiguousarray(values[:, 0]))
        elif values.shape[1] == len(layers):
            for layer, column in zip(layers, values.T, strict=True):
                yield f"{name}/{layer}", arrow.array(np.ascontiguousarray(column))
        else:
            flat = arrow.array(np.ascontiguousarray(values).reshape(-1))
            yield name, arrow.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _packages() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise UserError(
            "Parquet files need the package pyarrow",
            found=clean(str(error), 300),
            next="pip install 'tuiwb[parquet]'",
        ) from None
    return pyarrow, pyarrow.parquet
