"""The last row of a table, or some of its rows, read without opening the table: what a listing
shows of a run."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from tuiwb.run import npy
from tuiwb.run.files import open_plain, read_at

_HEAD = 2048  # the headers of our own tables fit; a longer one is read again
_CODES = {
    "b1": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I",
    "u8": "Q", "f2": "e", "f4": "f", "f8": "d",
}  # fmt: skip
"""NumPy's kinds as those of `struct`: reading a row needs nothing else of NumPy."""
_LENGTH = 12  # bytes before the text, of which any may be a line's end
_COUNT = re.compile(rb"'shape': \([ 0-9]{1,20},\)")


def last_row(files: Mapping[int, Path], columns: tuple[str, ...]) -> tuple[float | None, ...]:
    """The newest values of some columns, from the segments of one table (number -> file); None
    for a column that is not there, is not one number a row, or is beyond all measure."""
    for number in sorted(files, reverse=True):
        try:
            found = _last_of(files[number], columns)
        except (OSError, npy.NotATable):
            continue
        if found is not None:
            return found
    return (None,) * len(columns)


def few_values(files: Mapping[int, Path], column: str, many: int) -> list[float | None]:
    """A column at ``many`` places of a table (all of it where it is shorter), evenly apart and the
    last one among them; None where there is no number. What a later process took back counts."""
    held: list[tuple[int, npy.Header, int]] = []
    try:
        for number in sorted(files):
            try:
                fd = open_plain(files[number])
            except OSError:
                continue
            try:
                held.append((fd, *_measured(fd)))
            except (OSError, npy.NotATable):
                os.close(fd)
        total = sum(max(0, rows) for _, _, rows in held)
        places = [round((i + 1) * total / many) - 1 for i in range(many)]
        wanted = places if total > many else range(total)
        return [_value_at(held, place, column) for place in wanted]
    finally:
        for fd, _, _ in held:
            os.close(fd)


def _value_at(held: Sequence[tuple[int, npy.Header, int]], place: int, column: str) -> float | None:
    for fd, header, rows in held:
        if place < rows:
            row = read_at(fd, header.offset + place * header.itemsize, header.itemsize)
            return _value(header, row, column) if len(row) == header.itemsize else None
        place -= max(0, rows)
    return None


def _measured(fd: int) -> tuple[npy.Header, int]:
    """A table's header, and how many whole rows it has."""
    size = os.fstat(fd).st_size
    head = read_at(fd, 0, _HEAD)
    if len(head) == _HEAD and head.find(b"\n", _LENGTH) < 0:
        head = read_at(fd, 0, npy.MAX_HEADER + 12)
    # tables of the same columns differ in the count alone, which the file's size tells better
    head = _COUNT.sub(_zeros, head[: head.find(b"\n", _LENGTH) + 1])
    header = (_parse if len(head) <= npy.USUAL_HEADER else npy.parse)(head)
    return header, (size - header.offset) // header.itemsize


def _last_of(path: Path, columns: tuple[str, ...]) -> tuple[float | None, ...] | None:
    fd = open_plain(path)
    try:
        header, whole = _measured(fd)
        if whole <= 0:
            return None
        last = header.offset + (whole - 1) * header.itemsize
        row = read_at(fd, last, header.itemsize)
    finally:
        os.close(fd)
    if len(row) < header.itemsize:
        return None
    return tuple(_value(header, row, column) for column in columns)


def _zeros(found: re.Match[bytes]) -> bytes:
    return b"'shape': (" + b"0".rjust(len(found.group()) - 12) + b",)"


@lru_cache(maxsize=256)
def _parse(head: bytes) -> npy.Header:
    return npy.parse(head)


def _value(header: npy.Header, row: bytes, column: str) -> float | None:
    offset = 0
    for one in header.columns:
        if one.name == column:
            if one.shape:
                return None
            order = one.kind[0] if one.kind[0] in "<>=" else "<"
            value = float(struct.unpack_from(order + _CODES[one.kind[-2:]], row, offset)[0])
            return None if abs(value) >= 1e18 else value
        offset += one.size
    return None
