"""The last row of a table, read without opening the table: what a listing shows of a run."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Mapping
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


def _last_of(path: Path, columns: tuple[str, ...]) -> tuple[float | None, ...] | None:
    fd = open_plain(path)
    try:
        size = os.fstat(fd).st_size
        head = read_at(fd, 0, _HEAD)
        if len(head) == _HEAD and head.find(b"\n", _LENGTH) < 0:
            head = read_at(fd, 0, npy.MAX_HEADER + 12)
        # tables of the same columns differ in the count alone, which the file's size tells better
        head = _COUNT.sub(_zeros, head[: head.find(b"\n", _LENGTH) + 1])
        header = (_parse if len(head) <= npy.USUAL_HEADER else npy.parse)(head)
        whole = (size - header.offset) // header.itemsize
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
