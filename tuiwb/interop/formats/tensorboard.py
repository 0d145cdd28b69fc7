"""A folder with an event file: each number of each table as a scalar, for TensorBoard.

Tags are ``TABLE/COLUMN``, and ``TABLE/COLUMN/LAYER`` where there is a value a layer; step and wall
time are the row's. What is NaN was not measured at that step and is left out, and so are tables
without a step and columns of something else than layers.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tuiwb.base.plain import create_private
from tuiwb.interop.records import masked
from tuiwb.interop.rows import filled, pieces
from tuiwb.interop.tensorboard import messages
from tuiwb.run.view import RunView, TableView

SUFFIX = "-tensorboard"


def export(run: RunView, out: Path, step: int | None) -> str:
    """Write the tables of ``run``; see `tuiwb.interop.formats`."""
    tables, event = filled(run, step), messages().Event
    layers = [layer.name for layer in run.layers]
    began = run.status.started or 0.0
    os.mkdir(out, 0o700)
    # one name a run: an export that takes another's place leaves no second curve beside the first
    file = out / f"events.out.tfevents.{int(began)}.tuiwb"
    count = 0
    with os.fdopen(create_private(file), "wb") as stream:
        stream.write(record_of(event(wall_time=began, file_version="brain.Event:2")))
        for name, table in tables.items():
            for made in _events(name, table, layers, event):
                stream.write(record_of(made))
                count += len(made.summary.value)
    return f"{file.name} ({count} numbers)"


def _events(name: str, table: TableView, layers: Sequence[str], event: Any) -> Iterator[Any]:
    dtype = table.parts[-1][0].dtype
    if "step" not in table.columns or dtype["step"].kind != "i":
        return
    has_time = "time" in table.columns and dtype["time"].kind == "f"
    shown = [c for c in table.columns if c not in ("step", "time")]
    shown = [c for c in shown if dtype[c].shape in ((), (len(layers),))]
    tags = [
        f"{name}/{column}{layer}"
        for column in shown
        for layer in ([f"/{one}" for one in layers] if dtype[column].shape else [""])
    ]
    for rows in pieces(table):
        values = [rows[column].reshape(len(rows), -1).astype(np.float64) for column in shown]
        numbers = np.concatenate(values, axis=1) if values else np.empty((len(rows), 0))
        times = rows["time"].tolist() if has_time else [0.0] * len(rows)
        for at, when, row in zip(rows["step"].tolist(), times, numbers, strict=True):
            made = event(step=at, wall_time=when)
            for i in np.flatnonzero(~np.isnan(row)).tolist():
                made.summary.value.add(tag=tags[i], simple_value=float(row[i]))
            if made.summary.value:
                yield made


def record_of(event: Any) -> bytes:
    """An event as a record of a file."""
    data: bytes = event.SerializeToString()
    head = struct.pack("<Q", len(data))
    return b"".join((head, struct.pack("<I", masked(head)), data, struct.pack("<I", masked(data))))
