"""Writing a table: a structured ``.npy`` file that only grows.

One append is one ``write`` of the rows at the end, then one ``pwrite`` of the count into the
header. So a SIGKILL between any two instructions loses no row that was handed over, and
`numpy.load(path, mmap_mode="r")` opens the file at any moment: its count never runs ahead.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tuiwb.run import npy
from tuiwb.run.files import open_plain
from tuiwb.run.layout import segment_name
from tuiwb.run.segments import segments

Rows = npt.NDArray[Any] | bytes | bytearray | memoryview


class TableWriter:
    """Appends rows to a new segment of a table.

    Opening cuts a torn last row off the segment before (a killed writer's) and begins the next
    one. ``rows`` counts the rows written to this segment. Not for two writers at once: the worker
    holds the run's lock. Raises OSError (disk full, folder gone).
    """

    def __init__(self, folder: Path, name: str, dtype: npt.DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        self.rows = 0
        header = npy.pack(self.dtype)
        parsed = npy.parse(header)
        self._itemsize = self.dtype.itemsize
        self._start = parsed.offset
        self._count_at = parsed.count_at
        folder.mkdir(mode=0o700, exist_ok=True)
        numbers = sorted(segments(folder).get(name, {}))
        if numbers:
            repair(folder / segment_name(name, numbers[-1]))
        self.path = folder / segment_name(name, numbers[-1] + 1 if numbers else 0)
        self._fd = _begin(self.path, header)

    def append(self, rows: Rows) -> None:
        """Append rows: an array of the table's dtype (any shape), or the bytes of whole rows.

        The cheapest caller keeps one preallocated one-row array and fills it in place. On OSError
        the rows that were written whole stay (see ``rows``), a partly written one is taken back.
        """
        if isinstance(rows, np.ndarray):
            if rows.dtype is not self.dtype and rows.dtype != self.dtype:
                raise TypeError(f"rows of {rows.dtype}, the table holds {self.dtype}")
            if not rows.flags.c_contiguous:
                rows = np.ascontiguousarray(rows)
            length = rows.nbytes
        else:
            length = rows.nbytes if isinstance(rows, memoryview) else len(rows)
            if length % self._itemsize:
                raise ValueError(f"{length} bytes are not whole rows of {self._itemsize}")
        # an array is a buffer, which its stubs say only from Python 3.12 on
        try:
            whole = os.write(self._fd, rows) == length  # type: ignore[arg-type]
            if not whole:
                self._finish(rows, length)
        except OSError as error:
            error.filename = str(self.path)
            raise
        if not whole:
            return
        self.rows += length // self._itemsize
        os.pwrite(self._fd, b"%16d" % self.rows, self._count_at)

    def _finish(self, rows: Rows, length: int) -> None:
        """The system took only some of the bytes: write the rest, or take the torn row back."""
        begin = self._start + self.rows * self._itemsize
        whole = memoryview(rows.tobytes() if isinstance(rows, np.ndarray) else rows).cast("B")
        try:
            while (done := os.lseek(self._fd, 0, os.SEEK_CUR) - begin) < length:
                os.write(self._fd, whole[done:])
        finally:
            self.rows += (os.lseek(self._fd, 0, os.SEEK_CUR) - begin) // self._itemsize
            end = self._start + self.rows * self._itemsize
            os.ftruncate(self._fd, end)
            os.lseek(self._fd, end, os.SEEK_SET)
            os.pwrite(self._fd, b"%16d" % self.rows, self._count_at)

    def close(self) -> None:
        """Flush to the disk and close. May be called twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            try:
                with contextlib.suppress(OSError):  # a full disk may refuse: the rows are written
                    os.fsync(fd)
            finally:
                os.close(fd)

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def repair(path: Path) -> None:
    """Cut a torn last row and set the header's count by the file's size.

    A file whose header is not whole or not ours is left as it is: readers pass it by.
    """
    try:
        fd = open_plain(path)
        try:
            header = npy.read(fd)
            size = os.fstat(fd).st_size
        finally:
            os.close(fd)
    except (OSError, npy.NotATable):
        return
    rows = max(0, size - header.offset) // header.dtype.itemsize
    end = header.offset + rows * header.dtype.itemsize
    if size == end and header.rows == rows:
        return
    fd = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if size > end:
            os.ftruncate(fd, end)
        if header.count_at >= 0:
            os.pwrite(fd, b"%16d" % rows, header.count_at)
    finally:
        os.close(fd)


def _begin(path: Path, header: bytes) -> int:
    # beside, then renamed: nobody ever sees a segment without its whole header
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    fd = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        if os.write(fd, header) != len(header):
            raise OSError(28, os.strerror(28), str(path))
        os.rename(beside, path)
    except BaseException:
        os.close(fd)
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise
    return fd
