"""The header of a growing ``.npy`` table: written so that its row count can be rewritten in place.

Format: NumPy Enhancement Proposal 1, version 1.0, or 2.0 where the columns are very many. The
count is 16 characters wide and stands on a 16-byte boundary, so that a new count is one small
aligned store in the page cache. Reading is our own and strict (numbers in named columns, nothing
else), because the file may be a stranger's: no pickle, no objects, no header or row that could
exhaust the reader.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from tuiwb.base.parsing import literal
from tuiwb.run.files import read_at

if TYPE_CHECKING:
    import numpy as np

MAGIC = b"\x93NUMPY"
USUAL_HEADER = 10_000
"""Bytes of header text up to which `numpy.load` reads one without being asked to, and we without
looking first whether it is as plain as those that we write: some 350 columns."""
MAX_HEADER = 1 << 19
"""Bytes of header text: some 18 000 columns."""
MAX_ITEMSIZE = 1 << 20
"""Bytes of one row."""
COUNT_WIDTH = 16
_SHAPE = b"'shape': ("
_TYPE = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248])")
_PLAIN = re.compile(
    rb"\{'descr': \[(?:\((?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"), '[^'\\]{2,4}'"
    rb"(?:, \(\d{1,7},\))?\)(?:, )?)+\], 'fortran_order': False, 'shape': \( *\d{1,16},\), \} *\n?"
)
_KEYS = {"descr", "fortran_order", "shape"}


class NotATable(Exception):
    """The file is not a table that this program reads; the text says why, in words."""


class Column(NamedTuple):
    """One column: ``kind`` as NumPy writes it, such as ``<f4``."""

    name: str
    kind: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes in a row."""
        return int(self.kind[-1]) * prod(self.shape)


@dataclass(frozen=True)
class Header:
    """What a header says: ``rows`` is the count written there, which may lag the file's size."""

    columns: tuple[Column, ...]
    offset: int
    rows: int
    count_at: int
    """Where the row count can be rewritten in place; -1 in files that others wrote."""

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """The type of a row; loads NumPy, which the last row of a table can do without."""
        import numpy as np

        return np.dtype([tuple(column) for column in self.columns])

    @property
    def itemsize(self) -> int:
        """Bytes of a row."""
        return sum(column.size for column in self.columns)


def pack(dtype: np.dtype[Any], rows: int = 0) -> bytes:
    """The header bytes of a table. ValueError where readers would refuse the columns."""
    text = f"{{'descr': {dtype.descr!a}, 'fortran_order': False, ".encode("ascii") + _SHAPE
    small = len(text) < 0xFF00
    start = 10 if small else 12
    text += b" " * (-(start + len(text)) % COUNT_WIDTH)
    text += b"%*d,), }" % (COUNT_WIDTH, rows)
    text += b" " * (-(start + len(text) + 1) % 64) + b"\n"
    length = struct.pack("<H" if small else "<I", len(text))
    packed = MAGIC + (b"\x01\x00" if small else b"\x02\x00") + length + text
    try:
        understood = parse(packed)
    except NotATable as error:
        raise ValueError(str(error)) from None
    if understood.dtype != dtype:
        raise ValueError("a table's rows must be packed, without padding between columns")
    return packed


def read(fd: int) -> Header:
    """The header of an open file. Raises `NotATable` and OSError."""
    head = read_at(fd, 0, USUAL_HEADER + 12)
    length = int.from_bytes(head[8:12], "little") if head[6:7] != b"\x01" else 0
    length = length or int.from_bytes(head[8:10], "little")
    if USUAL_HEADER < length <= MAX_HEADER:
        head = read_at(fd, 0, length + 12)
    return parse(head)


def parse(head: bytes) -> Header:
    """The header at the beginning of ``head``."""
    version = head[6:7]
    if head[:6] != MAGIC or version not in (b"\x01", b"\x02", b"\x03"):
        raise NotATable("not a NumPy file" if len(head) >= 8 else "the header is cut off")
    start = 10 if version == b"\x01" else 12
    if len(head) < start:
        raise NotATable("the header is cut off")
    length = int.from_bytes(head[8:start], "little")
    if length > MAX_HEADER:
        raise NotATable(f"a header of {length} bytes, more than {MAX_HEADER}")
    text = head[start : start + length]
    if len(text) < length:
        raise NotATable("the header is cut off")
    if length > USUAL_HEADER and not _PLAIN.fullmatch(text):
        raise NotATable(f"a header of {length} bytes that is not plain")
    try:
        fields = literal(text.decode("utf-8" if version == b"\x03" else "latin1"))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise NotATable("the header cannot be read") from None
    if not isinstance(fields, dict) or set(fields) != _KEYS:
        raise NotATable("the header cannot be read")
    shape = fields["shape"]
    if not (isinstance(shape, tuple) and len(shape) == 1 and isinstance(shape[0], int)):
        raise NotATable("not a list of rows")
    return Header(
        _columns(fields["descr"]), start + length, max(0, shape[0]), _count_at(text, start)
    )


def _count_at(text: bytes, start: int) -> int:
    # ours ends with the shape, so the last match is the key and never a column's name
    found = re.compile(rb"'shape': \( *?([ 0-9]{16}),\), \} *\n").search(text, text.rfind(_SHAPE))
    return start + found.start(1) if found else -1


def _columns(descr: object) -> tuple[Column, ...]:
    if not isinstance(descr, list) or not descr:
        raise NotATable("no named columns")
    columns: list[Column] = []
    itemsize = 0
    for column in descr:
        if not isinstance(column, tuple) or len(column) not in (2, 3):
            raise NotATable("the columns cannot be read")
        name, kind, shape = column if len(column) == 3 else (*column, ())
        if not isinstance(name, str) or not name or not name.isprintable():
            raise NotATable("a column's name is not plain text")  # a terminal will show it
        if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
            raise NotATable(f"column {name!r} holds something other than numbers")
        if not isinstance(shape, tuple) or len(shape) > 1:
            raise NotATable(f"column {name!r} is not a number or a row of numbers")
        if not all(isinstance(n, int) and 0 < n <= MAX_ITEMSIZE for n in shape):
            raise NotATable(f"column {name!r} has an impossible shape")
        columns.append(Column(name, kind, shape))
        itemsize += columns[-1].size
    if itemsize > MAX_ITEMSIZE:
        raise NotATable(f"rows of {itemsize} bytes, more than {MAX_ITEMSIZE}")
    if len({name for name, _, _ in columns}) < len(columns):
        raise NotATable("two columns of the same name")
    return tuple(columns)
