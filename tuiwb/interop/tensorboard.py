"""TensorBoard's event files, without TensorBoard's own machinery: its messages alone.

The only file of the house that imports tensorboard, and only when a folder is read or made.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tuiwb.base.errors import UserError
from tuiwb.base.text import clean
from tuiwb.interop.log import Series, Spread, Writer
from tuiwb.interop.records import Damaged, records

MARK = "tfevents"
FILES = 10_000
TAGS = 20_000
NARROW = 1.1e-12
"""Edge of the buckets around zero that TensorBoard's writers make by default."""


def event_files(folder: Path) -> dict[str, list[Path]]:
    """The event files in and under a folder: relative folder -> files, oldest first; links are not
    followed."""
    found: dict[str, list[Path]] = {}
    count = 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        mine = sorted(name for name in names if MARK in name)[: FILES - count]
        if mine:
            relative = Path(place).relative_to(folder).as_posix()
            found["" if relative == "." else relative] = [Path(place) / name for name in mine]
            count += len(mine)
        if count >= FILES:
            break
    return found


def read(folder: Path) -> list[Writer]:
    """What the event files in and under ``folder`` hold, a `Writer` for each folder.

    Files that are still being written, damaged or unreadable give what comes before, and say so in
    ``problems``. Raises `UserError` where there is no event file, or the package is missing.
    """
    files = event_files(folder)
    if not files:
        raise UserError(
            f"{clean(folder.name, 120)} is neither a run nor a TensorBoard folder",
            where=str(folder),
            allowed="a run directory, or a folder with event files (events.out.tfevents.*)",
            next="list the runs with: tuiwb ls",
        )
    event = messages()
    return [_writer(place, mine, event) for place, mine in files.items()]


def messages() -> Any:
    """TensorBoard's module of event messages; a `UserError` where the package is missing."""
    try:
        from tensorboard.compat.proto import event_pb2
    except ImportError as error:
        raise UserError(
            "TensorBoard's event files need the package tensorboard",
            found=clean(str(error), 300),
            next="pip install 'tuiwb[tensorboard]'",
        ) from None
    return event_pb2


def _writer(folder: str, files: list[Path], event: Any) -> Writer:
    writer = Writer(folder)
    again = 0
    for path in files:
        begun: set[tuple[str, str]] = set()
        plugins: dict[str, str] = {}
        try:
            for data in records(path):
                again += _take(writer, event.Event.FromString(data), begun, plugins, event)
        except Damaged as error:
            writer.problems.append(f"{writer.tag(path.name)}: {error}; read up to there")
        except OSError as error:
            writer.problems.append(f"{writer.tag(path.name)}: {error.strerror or error}")
        except Exception as error:  # protobuf has no common base for what it raises
            if type(error).__name__ != "DecodeError":
                raise
            writer.problems.append(f"{writer.tag(path.name)}: not an event; read up to there")
    if again:
        writer.problems.append(
            f"{folder or 'the folder'}: {again} points were written again by a later file, "
            "whose word stands"
        )
    return writer


def _take(
    writer: Writer, found: Any, begun: set[tuple[str, str]], plugins: dict[str, str], event: Any
) -> int:
    """One event; returns how many earlier points it put out of force."""
    forgotten = 0
    if found.HasField("session_log") and found.session_log.status == event.SessionLog.START:
        for series in (*writer.scalars.values(), *writer.histograms.values()):
            forgotten += series.forget(found.step)
    for value in found.summary.value:
        for kind, tag, point in _points(value, plugins):
            shelf = writer.scalars if kind == "scalar" else writer.histograms
            if tag not in shelf and len(shelf) >= TAGS:
                continue
            series = shelf.setdefault(tag, Series())
            if (kind, tag) not in begun:
                begun.add((kind, tag))
                if found.step <= series.latest:  # a later file begins before an earlier one ended
                    forgotten += series.forget(found.step)
            series.add(found.step, found.wall_time, point)
    return forgotten


def _points(value: Any, plugins: dict[str, str]) -> Iterator[tuple[str, str, Any]]:
    tag = value.tag
    plugin = value.metadata.plugin_data.plugin_name or plugins.get(tag, "")
    plugins[tag] = plugin  # told with a tag's first value only
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        yield "scalar", tag, value.simple_value
    elif kind == "histo":
        yield "histogram", tag, _spread(value.histo)
    elif kind == "tensor" and plugin in ("", "scalars", "histograms"):
        from tensorboard.util.tensor_util import make_ndarray

        try:
            found = np.asarray(make_ndarray(value.tensor), np.float64)
        except (TypeError, ValueError):
            return  # text, or no numbers that fit their shape
        if plugin == "histograms" and found.ndim == 2 and found.shape[1] == 3:
            yield "histogram", tag, _of_buckets(*found.T)
        elif found.size == 1:
            yield "scalar", tag, float(found.reshape(()))


def _spread(histogram: Any) -> Spread:
    right = np.array(histogram.bucket_limit)
    counts = np.array(histogram.bucket)
    zeros = math.nan
    if histogram.min == histogram.max == 0:
        zeros = histogram.num
    elif len(right) == len(counts) and len(right):
        left = np.concatenate([[-math.inf], right[:-1]])
        narrow = (left >= -NARROW) & (right <= NARROW)
        if narrow.any():
            zeros = float(counts[narrow].sum())
        elif histogram.min > 0 or histogram.max < 0:
            zeros = 0.0
    return Spread(histogram.num, histogram.sum, histogram.sum_squares, zeros)


def _of_buckets(left: Any, right: Any, counts: Any) -> Spread:
    """Of a histogram that keeps no sums: values lie evenly in their bucket."""
    zeros = float(counts[(left == 0) & (right == 0)].sum()) if len(counts) else 0.0
    return Spread(
        float(counts.sum()),
        float((counts * (left + right) / 2).sum()),
        float((counts * (left**2 + left * right + right**2) / 3).sum()),
        zeros if zeros else math.nan,
    )
