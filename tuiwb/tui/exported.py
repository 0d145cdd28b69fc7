"""A chart as a file: what is drawn as SVG, text or CSV, or the rows of the tables behind it."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from tuiwb.base.errors import UserError
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.figure import Figure, HeatMap, Range
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.heatmap import paint_heatmap
from tuiwb.plots.paint import paint
from tuiwb.run.view import RunView

Kind = Literal["svg", "rows", "drawn", "text"]
ENDINGS: dict[Kind, str] = {"svg": ".svg", "rows": ".csv", "drawn": ".csv", "text": ".txt"}
Sources = tuple[tuple[str, str], ...]
"""The columns behind a chart: table and column of each series."""
_WIDE, _HIGH = 100, 30
_PIECE = 50_000
_NAME = 200
"""Bytes of a file's name, of the 255 that most disks take: its ending and a number come after."""


def as_text(figure: Figure | HeatMap | Canvas, glyphs: GlyphSet) -> str:
    """A chart in characters, at a size of its own."""
    if isinstance(figure, Canvas):
        return figure.text() + "\n"
    if isinstance(figure, HeatMap):
        return paint_heatmap(figure, _WIDE, _HIGH, glyphs, colour=False).text() + "\n"
    return paint(figure, _WIDE, _HIGH, glyphs).text() + "\n"


def as_drawn(figure: Figure | HeatMap) -> str:
    """The points of a chart: of lines x, y and the band of each; of a map a row for each cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    x = figure.x_label
    if isinstance(figure, HeatMap):
        writer.writerow(["row", x, "value"])
        for name, values in zip(figure.rows, np.asarray(figure.values), strict=False):
            pairs = zip(np.asarray(figure.x), values, strict=False)
            writer.writerows((_safe(name), at, value) for at, value in pairs)
        return out.getvalue()
    writer.writerow(["series", x, "value", "low", "high"])
    for line in figure.lines:
        at, y = np.asarray(line.x), np.asarray(line.y)
        low = y if line.low is None else np.asarray(line.low)
        high = y if line.high is None else np.asarray(line.high)
        writer.writerows((_safe(line.name), *row) for row in zip(at, y, low, high, strict=False))
    return out.getvalue()


def as_rows(view: RunView, sources: Sources, column: str, low: float, high: float) -> Iterator[str]:
    """Every row of the tables behind a chart whose ``column`` (step or time) lies in view, as text
    in pieces; numbers are the shortest that read back as the same."""
    yield "series,step,time,value\n"
    yield from _rows(view, sources, column, (low, high))


def rows_of_runs(runs: Mapping[str, tuple[RunView, Sources, Range]]) -> Iterator[str]:
    """The same of several runs by their labels: of each its columns, and the steps in view."""
    yield "run,series,step,time,value\n"
    for label, (view, sources, steps) in runs.items():
        yield from _rows(view, sources, "step", steps, (_safe(label),))


def _rows(
    view: RunView, sources: Sources, column: str, within: Range, first: tuple[str, ...] = ()
) -> Iterator[str]:
    """Rows in pieces; ``first`` stands before each of them."""
    layers = [layer.name for layer in view.layers]
    for table_name, name in sources:
        table = view.table(table_name)
        for begin in range(0, table.rows, _PIECE):
            rows = table.read(begin, begin + _PIECE)
            if name not in (rows.dtype.names or ()):
                break
            rows = rows[(rows[column] >= within[0]) & (rows[column] <= within[1])]
            out = io.StringIO()
            writer = csv.writer(out, lineterminator="\n")
            for row in rows:
                values = np.atleast_1d(row[name])
                for place, value in enumerate(values):
                    series = name if len(values) == 1 else f"{name}/{_of(layers, place)}"
                    at = row["step"], repr(float(row["time"]))
                    writer.writerow((*first, _safe(series), *at, value))
            yield out.getvalue()


def _of(names: list[str], place: int) -> str:
    return names[place] if place < len(names) else str(place)


def _safe(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@")) else name


def name_for(run: str, chart: str, kind: Kind) -> str:
    """What a file of this chart is called."""
    plain = re.sub(r"[^\w.-]+", "-", f"{run}-{chart}").strip("-.") or "chart"
    short = plain[:120].encode()[:_NAME].decode("utf-8", "ignore")
    return short + ENDINGS[kind]


def destination(typed: str, name: str) -> Path:
    """Where a file goes that a person calls ``typed``: a folder takes it by its usual ``name``.
    Raises `UserError`."""
    try:
        path = Path(typed).expanduser() if typed else Path(name)
        return path / name if typed.endswith("/") or path.is_dir() else path
    except (OSError, RuntimeError, ValueError) as error:  # no such user; too long for a name
        reason = getattr(error, "strerror", None) or str(error)
        where = typed if len(typed) < 100 else f"{typed[:99]}…"
        raise UserError(f"cannot write there: {reason}", where=where) from None


def write(path: Path, pieces: Iterator[str]) -> Path:
    """Write a file where there is none; one that is there gets a neighbour with a number. Raises
    `UserError`."""
    try:
        for number in range(1, 1000):
            place = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
            try:
                fd = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            except FileExistsError:
                continue
            with os.fdopen(fd, "w", encoding="utf-8", newline="") as file:
                for piece in pieces:
                    file.write(piece)
            return place
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"cannot write it: {reason}", where=str(path)) from None
    raise UserError("a thousand files of this name are there", where=str(path))
