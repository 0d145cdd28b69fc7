"""The table as a file: no row that was handed over is lost, and NumPy opens it at any moment."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tuiwb
from tuiwb.run import table as table_module
from tuiwb.run.npy import pack
from tuiwb.run.segment import Segment
from tuiwb.run.table import TableWriter, repair
from tuiwb.run.tables import Tables

ENV = {**os.environ, "PYTHONPATH": str(Path(tuiwb.__file__).parents[1])}
DTYPE = np.dtype([("step", "<i8"), ("loss", "<f4"), ("clipped", "u1")])


def rows_of(*steps: int) -> np.ndarray[Any, np.dtype[Any]]:
    rows = np.zeros(len(steps), DTYPE)
    rows["step"], rows["loss"] = steps, np.array(steps) / 10
    return rows


def steps_in(folder: Path) -> list[int]:
    view = Tables(folder).poll().get("t")
    return [] if view is None else view.read(0, view.rows)["step"].tolist()


def test_numpy_opens_it_before_during_and_after(tmp_path: Path) -> None:
    with TableWriter(tmp_path, "t", DTYPE) as table:
        assert table.path.name == "t.0000.npy"
        for n in range(5):
            mapped = np.load(table.path, mmap_mode="r")
            assert mapped["step"].tolist() == list(range(n))
            table.append(rows_of(n))
    assert np.load(table.path)["step"].tolist() == [0, 1, 2, 3, 4]


def test_rows_come_as_arrays_or_bytes(tmp_path: Path) -> None:
    with TableWriter(tmp_path, "t", DTYPE) as table:
        table.append(rows_of(1))
        table.append(rows_of(2, 3))
        table.append(rows_of(4, 0, 5)[::2])  # not contiguous
        table.append(rows_of(6, 7).tobytes())
        table.append(bytearray(rows_of(8).tobytes()))
        table.append(memoryview(rows_of(9)))
        table.append(rows_of())
        assert table.rows == 9
    assert steps_in(tmp_path) == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_wrong_rows_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with TableWriter(tmp_path, "t", DTYPE) as table:
        with pytest.raises(TypeError, match="the table holds"):
            table.append(np.zeros(1))
        with pytest.raises(ValueError, match="not whole rows"):
            table.append(b"123")
        table.append(rows_of(1))
    assert steps_in(tmp_path) == [1]


@pytest.mark.parametrize("name", ["../t", "", "a.b", "a/b", "x" * 65, "é"])
def test_a_table_cannot_lie_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a table name"):
        TableWriter(tmp_path, name, DTYPE)


def test_cut_at_every_byte_reopened_appended_read(tmp_path: Path) -> None:
    with TableWriter(tmp_path, "t", DTYPE) as table:
        table.append(rows_of(1, 2, 3))
    whole = table.path.read_bytes()
    begin = len(pack(DTYPE))
    for cut in range(len(whole) + 1):
        folder = tmp_path / f"cut{cut}"
        folder.mkdir()
        (folder / "t.0000.npy").write_bytes(whole[:cut])
        survivors = [1, 2, 3][: max(0, cut - begin) // DTYPE.itemsize]
        assert steps_in(folder) == survivors, f"cut at byte {cut}"
        with TableWriter(folder, "t", DTYPE) as again:
            assert again.path.name == "t.0001.npy"
            again.append(rows_of(4))
        assert steps_in(folder) == [*survivors, 4], f"cut at byte {cut}, reopened"
        if cut >= begin:  # mended: NumPy opens the old segment too
            old = np.load(folder / "t.0000.npy", mmap_mode="r")
            assert old["step"].tolist() == survivors
        assert np.load(again.path)["step"].tolist() == [4]


def test_killed_between_rows_and_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = TableWriter(tmp_path, "t", DTYPE)
    table.append(rows_of(1))

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(os, "pwrite", killed)
        table.append(rows_of(2))
    assert np.load(table.path)["step"].tolist() == [1]  # opens; the count lags
    assert steps_in(tmp_path) == [1, 2]  # the size does not
    repair(table.path)
    assert np.load(table.path)["step"].tolist() == [1, 2]
    table.close()


def test_repair_leaves_alone_what_is_not_ours(tmp_path: Path) -> None:
    for name, data in {"a": b"", "b": b"PK\x03\x04", "c": pack(DTYPE)[:-3]}.items():
        (tmp_path / name).write_bytes(data)
        repair(tmp_path / name)
        assert (tmp_path / name).read_bytes() == data
    repair(tmp_path / "missing")
    outside = tmp_path / "outside"
    outside.write_bytes(pack(DTYPE) + b"torn")
    (tmp_path / "link").symlink_to(outside)
    repair(tmp_path / "link")
    assert outside.read_bytes() == pack(DTYPE) + b"torn"


class FullDisk:
    """`os.write` on a disk with room for some bytes more."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.write = os.write

    def __call__(self, fd: int, data: Any) -> int:
        data = bytes(data)
        if self.room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = self.write(fd, data[: self.room])
        self.room -= taken
        return taken


@pytest.mark.parametrize("room", range(3 * DTYPE.itemsize + 1))
def test_disk_full_at_every_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    table = TableWriter(tmp_path, "t", DTYPE)
    table.append(rows_of(1))
    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space left"):
        patched.setattr(table_module.os, "write", FullDisk(room))
        table.append(rows_of(2, 3, 4))
        raise OSError(errno.ENOSPC, "No space left: only where the room was enough")
    kept = room // DTYPE.itemsize
    assert table.rows == 1 + kept
    assert np.load(table.path)["step"].tolist() == [1, 2, 3, 4][: 1 + kept]
    assert table.path.stat().st_size == len(pack(DTYPE)) + table.rows * DTYPE.itemsize
    table.append(rows_of(9))  # there is room again
    table.close()
    assert np.load(table.path)["step"].tolist() == [*[1, 2, 3, 4][: 1 + kept], 9]


FULL = """
import os, resource, signal, sys
from pathlib import Path
import numpy as np
from tuiwb.run.journal import Journal
from tuiwb.run.table import TableWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
table = TableWriter(Path(sys.argv[1]), "t", [("step", "<i8"), ("loss", "<f4"), ("clipped", "u1")])
journal = Journal(Path(sys.argv[1]) / "journal.jsonl")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
row = np.zeros(1, table.dtype)
try:
    for step in range(1, 1000):
        row["step"] = step
        table.append(row)
except OSError as error:
    print(error.errno, step - 1)
try:
    for step in range(1, 1000):
        journal.write("note", step)
except OSError as error:
    print(error.errno, step - 1)
"""


def test_a_kernel_that_takes_no_more(tmp_path: Path) -> None:
    """The same with the system's own short writes: a limit on the size of files."""
    told = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path], env=ENV, capture_output=True, text=True, check=True
    )
    numbers = [int(n) for n in told.stdout.split()]
    assert len(numbers) == 4 and {numbers[0], numbers[2]} == {errno.EFBIG}
    rows, events = numbers[1], numbers[3]
    assert np.load(tmp_path / "t.0000.npy", mmap_mode="r")["step"].tolist() == steps_in(tmp_path)
    assert steps_in(tmp_path) == list(range(1, rows + 1))
    lines = (tmp_path / "journal.jsonl").read_bytes()
    assert lines.count(b"\n") == events and lines.endswith(b"\n")


def test_a_write_in_small_pieces_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = TableWriter(tmp_path, "t", DTYPE)
    write = os.write
    with monkeypatch.context() as patched:
        patched.setattr(table_module.os, "write", lambda fd, data: write(fd, bytes(data)[:7]))
        table.append(rows_of(1, 2, 3, 4))
    table.close()
    table.close()
    assert np.load(table.path)["step"].tolist() == [1, 2, 3, 4]


def test_no_room_for_a_segment_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space left"):
        patched.setattr(table_module.os, "write", FullDisk(10))
        TableWriter(tmp_path, "t", DTYPE)
    assert list(tmp_path.iterdir()) == []


CHILD = """
import os, sys
from pathlib import Path
import numpy as np
from tuiwb.run.table import TableWriter
table = TableWriter(Path(sys.argv[1]), "t", [("step", "<i8"), ("loss", "<f4"), ("clipped", "u1")])
row = np.zeros(1, table.dtype)
for step in range(1, 10**9):
    row["step"] = step
    table.append(row)
    os.write(1, b"%d\\n" % step)  # handed over
"""


def test_sigkill_loses_no_row(tmp_path: Path) -> None:
    chance = random.Random(7)
    for attempt in range(8):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, folder], stdout=subprocess.PIPE, env=ENV
        )
        assert child.stdout is not None
        with child, child.stdout as out:
            said = out.readline()
            for _ in range(chance.randrange(4000)):
                said = out.readline()
            child.send_signal(signal.SIGKILL)
            said = ([said, *out.readlines()])[-1]
        emitted = int(said) if said.endswith(b"\n") else 0
        there = steps_in(folder)
        assert there == list(range(1, len(there) + 1))
        assert emitted <= len(there) <= emitted + 2
        counted = np.load(folder / "t.0000.npy", mmap_mode="r")
        assert len(there) - 1 <= len(counted) <= len(there)


KILLER = """
import os, random, signal, sys, time
from pathlib import Path
import numpy as np
from tuiwb.run.table import TableWriter
from tuiwb.run.tables import Tables

folder, chance, before = Path(sys.argv[1]), random.Random(11), 0
for attempt in range(40):
    told, tell = os.pipe()
    if (pid := os.fork()) == 0:
        table = TableWriter(folder, "t", [("step", "<i8"), ("loss", "<f4"), ("clipped", "u1")])
        row = np.zeros(1, table.dtype)
        for step in range(before + 1, 10**9):
            row["step"] = step
            table.append(row)
            os.write(tell, step.to_bytes(8, "little"))  # handed over
    os.close(tell)
    heard = os.read(told, 8)
    time.sleep(chance.random() * 0.004)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    while more := os.read(told, 1 << 16):
        heard += more
    os.close(told)
    emitted = int.from_bytes(heard[-8:], "little")
    view = Tables(folder).poll()["t"]
    steps = view.read(0, view.rows)["step"].tolist()
    assert steps == list(range(1, len(steps) + 1)), f"attempt {attempt}"
    assert emitted <= len(steps), f"attempt {attempt}: {emitted} emitted, {len(steps)} there"
    before = len(steps)
print("kept", before)
"""


def test_sigkill_at_random_moments_and_reopened(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", KILLER, tmp_path],
        env=ENV,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stdout.startswith("kept "), told.stderr


def test_a_reader_while_a_writer_writes(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, tmp_path], stdout=subprocess.DEVNULL, env=ENV
    )
    with child:
        try:
            tables, seen = Tables(tmp_path), 0
            while seen < 20_000:
                view = tables.poll().get("t")
                if view is None:
                    continue
                rows = view.read(0, view.rows)
                assert rows["step"].tolist() == list(range(1, view.rows + 1))
                assert view.rows >= seen
                seen = view.rows
                counted = np.load(tmp_path / "t.0000.npy", mmap_mode="r")
                assert len(counted) >= seen - 1
        finally:
            child.kill()


def test_a_copy_made_at_any_moment_opens(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, tmp_path], stdout=subprocess.DEVNULL, env=ENV
    )
    with child:
        try:
            source, copy = tmp_path / "t.0000.npy", tmp_path / "copy.npy"
            while not source.exists():
                time.sleep(0.01)
            for _ in range(40):
                copy.write_bytes(source.read_bytes())
                counted = np.load(copy, mmap_mode="r")
                segment = Segment(copy)
                assert 0 <= segment.rows - len(counted) <= 1 << 20
                steps = segment.read(0, segment.rows)["step"]
                assert steps.tolist() == list(range(1, len(steps) + 1))
        finally:
            child.kill()
