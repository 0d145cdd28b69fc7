"""Reading one segment of a table while it may still be growing.

Rows come by `pread`, never by a memory map: a file that somebody truncates then gives fewer rows,
where a map would kill the reader (SIGBUS). The file's size says how many rows there are.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tuiwb.base.plain import size_on_disk
from tuiwb.run import npy
from tuiwb.run.files import open_plain, read_at
from tuiwb.run.pyramid import BLOCK, Blocks, as_float

Array = npt.NDArray[Any]

_CHUNK = 1 << 20  # bytes of one pass: fits the second-level cache
MAX_BYTES = 1 << 40  # a sparse file can claim any size; nobody trains this much


class Segment:
    """One open segment file. ``rows`` is as of the last `refresh`.

    Holds the block summaries (`Blocks`) of every column that was asked for; they grow with the
    file. Safe to use from several threads. Raises OSError and `npy.NotATable` from the constructor
    only: a file that fails later just has no more rows.
    """

    def __init__(self, path: Path, number: int = 0) -> None:
        self.path = path
        self.number = number
        fd = open_plain(path)
        # closes with the last view that shows it, which is not for a reader to know
        close = weakref.finalize(self, os.close, fd)
        self._fd = fd
        self._lock = threading.RLock()
        self._blocks: dict[str, Blocks] = {}
        try:
            header = npy.read(fd)
        except BaseException:
            close()
            raise
        self.dtype = header.dtype
        self._offset = header.offset
        self._itemsize = header.dtype.itemsize
        status = os.fstat(fd)
        self.identity = (status.st_dev, status.st_ino)
        self.rows = 0
        self.refresh()
        self._first: float | None = None
        self._found: tuple[tuple[str, float, int], int] | None = None

    def refresh(self) -> int:
        """Look at the file's size again; returns the rows that are whole now."""
        try:
            size = size_on_disk(os.fstat(self._fd))
        except OSError:
            return self.rows
        self.rows = max(0, min(size, MAX_BYTES) - self._offset) // self._itemsize
        return self.rows

    @property
    def columns(self) -> tuple[str, ...]:
        return self.dtype.names or ()

    def shape(self, column: str) -> tuple[int, ...]:
        """Shape of one value of a column: () or (layers,)."""
        return self.dtype[column].shape

    def read(self, start: int, stop: int) -> Array:
        """Rows [start, stop) as a read-only structured array; fewer where the file has become
        shorter."""
        length = max(0, stop - start) * self._itemsize
        try:
            data = read_at(self._fd, self._offset + start * self._itemsize, length)
        except OSError:  # the disk went away
            data = b""
        return np.frombuffer(data[: len(data) // self._itemsize * self._itemsize], self.dtype)

    def part(self, column: str, rows: Sequence[int], first: int, stop: int) -> Array:
        """Values [first, stop) of a column's in each of ``rows``, shape (rows, stop - first), as
        stored: for rows that are too wide to be read whole. Fewer where the file became shorter."""
        assert self.dtype.fields is not None
        dtype, offset = self.dtype.fields[column][:2]
        length = (stop - first) * dtype.base.itemsize
        begin = self._offset + offset + first * dtype.base.itemsize
        pieces = []
        for row in rows:
            try:
                piece = read_at(self._fd, begin + row * self._itemsize, length)
            except OSError:
                break
            if len(piece) < length:
                break
            pieces.append(piece)
        return np.frombuffer(b"".join(pieces), dtype.base).reshape(-1, stop - first)

    def values(self, column: str, start: int, stop: int) -> Array:
        """One column of rows [start, stop), contiguous, as f4 or (integers and f8) as f8."""
        return as_float(self.read(start, stop)[column])

    def first(self, column: str = "step") -> float | None:
        """The first row's value of a scalar column; None where there is no row or column."""
        if self._first is None and self.rows and column in self.columns:
            values = self.read(0, 1)[column]
            self._first = float(values[0]) if values.shape == (1,) else None
        return self._first

    def first_at_least(self, column: str, bound: float, stop: int) -> int:
        """The first row of [0, stop) whose value is at or past ``bound``, by bisection."""
        asked = (column, bound, stop)
        if self._found and self._found[0] == asked:
            return self._found[1]
        low, high = 0, stop
        while low < high:
            middle = (low + high) // 2
            value = self.read(middle, middle + 1)[column]
            if len(value) and value[0] < bound:
                low = middle + 1
            else:
                high = middle
        self._found = (asked, low)
        return low

    def summarise(self, columns: Iterable[str], expired: Callable[[], bool] | None = None) -> bool:
        """Bring the block summaries of columns up to the whole blocks of `rows`.

        Columns share passes over the file. Once ``expired()`` it stops after a chunk; returns
        whether everything is summarised. The first chunk is always done.
        """
        step = max(1, _CHUNK // (self._itemsize * BLOCK)) * BLOCK
        with self._lock, np.errstate(all="ignore"):  # a stranger's bytes may be any number
            wanted = {name: self._blocks_of(name) for name in columns}
            whole = self.rows // BLOCK * BLOCK
            while True:
                open_ = [b.rows for b in wanted.values() if b.rows < whole]
                if not open_:
                    return True
                start = min(open_)
                chunk = self.read(start, min(start + step, whole))
                chunk = chunk[: len(chunk) // BLOCK * BLOCK]
                if not len(chunk):
                    return True  # it became shorter than we were told: nothing more to come
                for name, blocks in wanted.items():
                    if blocks.rows == start:
                        blocks.extend(chunk[name])
                if expired and expired():
                    return all(b.rows >= whole for b in wanted.values())

    def catch_up(self, expired: Callable[[], bool] | None = None) -> bool:
        """`summarise` whatever was asked for before; returns whether that is done."""
        return self.summarise(tuple(self._blocks), expired)

    def blocks(self, column: str) -> Blocks:
        """The summary of a column as it stands (`summarise` extends it)."""
        with self._lock:
            return self._blocks_of(column)

    def block_values(self, column: str, numbers: Array) -> Array:
        """The raw values of whole blocks, shape (len(numbers), BLOCK, ...): cached, they are the
        same few (at the edges of chart columns) on every frame."""
        with self._lock:
            cache = self._blocks_of(column).cache
            if len(cache) > 8192:
                cache.clear()
            missing = [n for n in numbers.tolist() if n not in cache]
            i = 0
            while i < len(missing):
                run = i + 1
                while run < len(missing) and missing[run] == missing[run - 1] + 1:
                    run += 1
                first, last = missing[i], missing[run - 1] + 1
                values = self.values(column, first * BLOCK, last * BLOCK)
                if len(values) < (last - first) * BLOCK:  # truncated under our hands
                    values = _pad(values, (last - first) * BLOCK)
                for n in range(first, last):
                    cache[n] = values[(n - first) * BLOCK : (n - first + 1) * BLOCK]
                i = run
            shape = (-1, BLOCK, *self.shape(column))
            kept = [cache[n] for n in numbers.tolist()]
            return np.concatenate(kept or [np.empty(0, np.float32)]).reshape(shape)

    def _blocks_of(self, column: str) -> Blocks:
        blocks = self._blocks.get(column)
        if blocks is None:
            blocks = self._blocks[column] = Blocks(self.shape(column))
        return blocks


def _pad(values: Array, rows: int) -> Array:
    padded = np.full((rows, *values.shape[1:]), np.nan, values.dtype)
    padded[: len(values)] = values
    return padded
