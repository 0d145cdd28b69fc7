"""Headers: NumPy reads ours, and nothing of a stranger's does harm."""

from __future__ import annotations

import io
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.run import npy
from tuiwb.run.ending import last_row
from tuiwb.run.table import TableWriter

NAMES = st.text(min_size=1, max_size=12).filter(str.isprintable)
COLUMNS = st.lists(
    st.tuples(
        NAMES,
        st.sampled_from(["<i8", "<f8", "<f4", "|u1", "<i4", "<f2", "|b1", ">f4"]),
        st.sampled_from([(), (1,), (7,)]),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda column: column[0],
)


@given(COLUMNS, st.integers(0, 10**12))
def test_numpy_and_we_read_the_same_header(
    columns: list[tuple[str, str, tuple[int, ...]]], rows: int
) -> None:
    dtype = np.dtype(columns)
    packed = npy.pack(dtype, rows)
    header = npy.parse(packed)
    assert (header.dtype, header.offset, header.rows) == (dtype, len(packed), rows)
    assert packed[header.count_at : header.count_at + 16] == b"%16d" % rows
    assert header.count_at % 16 == 0 and header.offset % 64 == 0
    file = io.BytesIO(packed)
    assert np.lib.format.read_magic(file) == (1, 0)
    assert np.lib.format.read_array_header_1_0(file) == ((rows,), False, dtype)


def test_files_that_numpy_saved_are_read(tmp_path: Path) -> None:
    rows = np.zeros(3, [("step", "<i8"), ("loss", "<f4")])
    np.save(tmp_path / "x.npy", rows)
    header = npy.parse((tmp_path / "x.npy").read_bytes())
    assert (header.dtype, header.rows) == (rows.dtype, 3)


def packed_text(text: bytes) -> bytes:
    return npy.MAGIC + b"\x02\x00" + struct.pack("<I", len(text)) + text


def described(descr: str) -> bytes:
    return packed_text(f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,)}}\n".encode())


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "cut off"),
        (b"PK\x03\x04 something else", "not a NumPy file"),
        (described("[('loss', '|O')]"), "other than numbers"),
        (described("[('loss', '<U9')]"), "other than numbers"),
        (described("[('loss', 'V10000')]"), "other than numbers"),
        (described("[('loss', '<f8', (10**9,))]"), "cannot be read"),
        (described("[('loss', '<f8', (999999999,))]"), "impossible shape"),
        (described("[('a', '<f8', (131072,)), ('b', '<f8')]"), "rows of"),
        (described("[('a', '<f8', (9, 9))]"), "not a number or a row"),
        (described("[('a', '<f8'), ('a', '<f8')]"), "same name"),
        (described("[('a', [('b', '<f8')])]"), "other than numbers"),
        (described("'<f8'"), "no named columns"),
        (described("[('\\x1b[31m', '<f8')]"), "not plain text"),
        (described("[('', '<f8')]"), "not plain text"),
        (described("__import__('os').abort()"), "cannot be read"),
        (packed_text(b"(" * 9000), "cannot be read"),
        (packed_text(b"-" * 9999), "cannot be read"),
        (packed_text(b"{'descr': [('a', '<f8')]}"), "cannot be read"),
        (packed_text(b"'" + b"x" * 20_000 + b"'"), "header of 20002 bytes that is not plain"),
        (packed_text(b"-" * 500_000), "not plain"),
        (described("[" + "('a', '<f8'), " * 900 + "(('b'), '<f8')]"), "not plain"),
        (packed_text(b"x" * (npy.MAX_HEADER + 1)), "more than"),
        (npy.MAGIC + b"\x02\x00\xff\xff\xff\xff", "header of 4294967295 bytes"),
        (npy.pack(np.dtype([("a", "<f8")]))[:-1], "cut off"),
    ],
)
def test_what_is_not_a_table_is_refused_in_words(head: bytes, words: str) -> None:
    with pytest.raises(npy.NotATable, match=words):
        npy.parse(head)


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a pickle was executed",))


def test_a_pickle_is_never_executed(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([_Bomb()], object), allow_pickle=True)
    for data in ((tmp_path / "x.npy").read_bytes(), pickle.dumps(_Bomb())):
        with pytest.raises(npy.NotATable):
            npy.parse(data)


@pytest.mark.parametrize(
    "dtype",
    [np.dtype("<f8"), np.dtype([("a", "O")]), np.dtype([("a", "u1"), ("b", "<f8")], align=True)],
)
def test_a_writer_may_not_make_what_readers_refuse(dtype: np.dtype[Any]) -> None:
    with pytest.raises(ValueError, match=r"column|padding"):
        npy.pack(dtype)


@pytest.mark.parametrize("many", [90, 340, 2500, 10_000])
def test_very_many_columns_fit(many: int, tmp_path: Path) -> None:
    dtype = np.dtype([("step", "<i8"), *((f"it's \\ {i} é", "<f4") for i in range(many))])
    with TableWriter(tmp_path, "metrics", dtype) as table:
        rows = np.zeros(3, dtype)
        rows["step"] = range(3)
        table.append(rows)
    (path,) = tmp_path.iterdir()
    read = np.load(path, max_header_size=npy.MAX_HEADER)
    assert read.dtype == dtype and read["step"].tolist() == [0, 1, 2]
    with path.open("rb") as file:
        header = npy.read(file.fileno())
    assert (header.dtype, header.rows) == (dtype, 3)
    assert header.count_at % 16 == 0 and header.offset % 64 == 0
    assert last_row({0: path}, ("step", "epoch")) == (2.0, None)


def test_too_many_columns_for_a_header_are_refused() -> None:
    with pytest.raises(ValueError, match="header of"):
        npy.pack(np.dtype([(f"column_{i}", "<f4") for i in range(25_000)]))
