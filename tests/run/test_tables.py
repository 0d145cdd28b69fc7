"""Segments as one table, and folders that misbehave."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuiwb.run.npy import pack
from tuiwb.run.schema import dtype_steps
from tuiwb.run.table import TableWriter
from tuiwb.run.tables import Tables

DTYPE = np.dtype([("step", "<i8"), ("loss", "<f4")])


def write(folder: Path, start: int, stop: int, loss: float, dtype: Any = DTYPE) -> None:
    rows = np.zeros(stop - start, dtype)
    rows["step"], rows["loss"] = np.arange(start, stop), loss
    with TableWriter(folder, "t", dtype) as table:
        table.append(rows)


def test_a_later_segment_takes_back_what_it_trains_anew(tmp_path: Path) -> None:
    write(tmp_path, 1, 601, 1.0)
    write(tmp_path, 501, 551, 2.0)  # resumed from step 500
    write(tmp_path, 401, 701, 3.0)  # and rewound to step 400
    view = Tables(tmp_path).poll()["t"]
    rows = view.read(0, view.rows)
    assert rows["step"].tolist() == list(range(1, 701))
    assert (rows["loss"] == np.where(rows["step"] <= 400, 1.0, 3.0)).all()
    curve = view.envelope("loss", 700)
    assert (np.diff(curve.x) > 0).all() and len(curve) == 700


def test_a_segment_that_was_just_opened_hides_nothing(tmp_path: Path) -> None:
    write(tmp_path, 1, 11, 1.0)
    tables = Tables(tmp_path)
    before = tables.poll()["t"]
    with TableWriter(tmp_path, "t", DTYPE) as table:
        assert tables.poll()["t"].rows == 10
        table.append(np.array([(6, 2.0)], DTYPE))
        after = tables.poll()["t"]
    assert after.read(0, 99)["step"].tolist() == [1, 2, 3, 4, 5, 6]
    assert before.rows == 10  # a view never changes


def test_without_steps_nothing_is_hidden(tmp_path: Path) -> None:
    for _ in range(2):
        with TableWriter(tmp_path, "t", [("loss", "<f4")]) as table:
            table.append(np.zeros(5, table.dtype))
    assert Tables(tmp_path).poll()["t"].rows == 10


def test_a_change_of_columns(tmp_path: Path) -> None:
    write(tmp_path, 1, 4, 1.0)
    write(tmp_path, 4, 7, 2.0, [("step", "<i8"), ("aux", "<f4"), ("loss", "<f8"), ("n", "<i4")])
    view = Tables(tmp_path).poll()["t"]
    assert view.columns == ("step", "loss", "aux", "n")
    rows = view.tail(5)
    assert rows["step"].tolist() == [2, 3, 4, 5, 6]
    assert np.isnan(rows["aux"][:2]).all() and rows["loss"].tolist() == [1, 1, 2, 2, 2]
    assert view.envelope("aux", 100).x.tolist() == [4, 5, 6]
    assert view.envelope("loss", 3).mean.tolist() == [1, 1.5, 2]


def test_last_tail_and_row_at(tmp_path: Path) -> None:
    write(tmp_path, 10, 20, 1.0)
    write(tmp_path, 18, 30, 2.0)
    view = Tables(tmp_path).poll()["t"]
    assert (view.last("step"), view.last("loss"), view.last("nothing")) == (29.0, 2.0, None)
    assert view.tail(3)["step"].tolist() == [27, 28, 29]
    assert len(view.tail(10**9)) == 20 and len(view.tail(0)) == len(view.tail(-5)) == 0
    assert view.row_at(9) is None
    for asked, step, loss in ((10, 10, 1.0), (17.5, 17, 1.0), (18, 18, 2.0), (99, 29, 2.0)):
        row = view.row_at(asked)
        assert row is not None and (row["step"], row["loss"]) == (step, loss)


def test_unchanged_tables_keep_their_view(tmp_path: Path) -> None:
    write(tmp_path, 1, 5, 1.0)
    tables = Tables(tmp_path)
    first = tables.poll()
    assert tables.poll() is first
    write(tmp_path, 5, 6, 1.0)
    assert tables.poll() is not first


def test_segments_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    write(tmp_path, 1, 3, 1.0)
    (tmp_path / "t.0000.npy").rename(tmp_path / "t.9999.npy")
    write(tmp_path, 3, 5, 2.0)
    assert (tmp_path / "t.10000.npy").exists()
    assert Tables(tmp_path).poll()["t"].read(0, 9)["step"].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("when", ["file", "folder", "truncated", "header", "replaced"])
def test_files_that_vanish_or_shrink_under_a_reader(tmp_path: Path, when: str) -> None:
    folder = tmp_path / "tables"
    write_steps(folder, 10_000)
    tables = Tables(folder)
    view = tables.poll()["t"]
    view.envelope("loss", 20)
    path = folder / "t.0000.npy"
    size = len(pack(dtype_steps()))
    match when:
        case "file":
            path.unlink()
        case "folder":
            shutil.rmtree(folder)
        case "truncated":
            os.truncate(path, size + 100 * dtype_steps().itemsize + 3)
        case "header":
            os.truncate(path, 10)
        case "replaced":
            (folder / "other").write_bytes(path.read_bytes()[: size + 50 * dtype_steps().itemsize])
            os.replace(folder / "other", path)
    # the old view goes on with what it can get, without raising
    assert len(view.envelope("loss", 20, lo=100, hi=5000)) <= 20
    assert len(view.tail(5)) <= 5
    view.row_at(5000)
    view.envelope("grad_norm", 20)
    new = tables.poll()
    rows = {"truncated": 100, "replaced": 50}.get(when)
    assert (new["t"].rows if rows else [v.rows for v in new.values()]) in (rows, [], [0])
    if rows:
        assert new["t"].last("step") == rows
        assert new["t"].envelope("loss", 20).x[-1] <= rows


def write_steps(folder: Path, rows: int) -> None:
    table = np.zeros(rows, dtype_steps())
    table["step"] = np.arange(1, rows + 1)
    table["loss"] = 1.0
    with TableWriter(folder, "t", table.dtype) as writer:
        writer.append(table)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    write_steps(folder, 3)
    (tmp_path / "secret.npy").write_bytes((folder / "t.0000.npy").read_bytes())
    (folder / "link.0000.npy").symlink_to(tmp_path / "secret.npy")
    (folder / "junk.0000.npy").write_bytes(b"PK\x03\x04 not a table")
    (folder / "dir.0000.npy").mkdir()
    os.mkfifo(folder / "pipe.0000.npy")
    np.save(folder / "o.0000.npy", np.array([{}]), allow_pickle=True)
    (folder / "ignored.txt").write_text("x")
    tables = Tables(folder)
    assert list(tables.poll()) == ["t"]
    told = "\n".join(tables.problems)
    for name in ("link", "junk", "dir", "pipe", "o"):
        assert f"tables/{name}.0000.npy: " in told
    assert "not a NumPy file" in told and "ignored" not in told


def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    write_steps(tmp_path / "elsewhere", 3)
    (tmp_path / "tables").symlink_to(tmp_path / "elsewhere")
    assert dict(Tables(tmp_path / "tables").poll()) == {}


def test_a_sparse_file_of_any_size_is_read_no_further_than_it_could_hold(tmp_path: Path) -> None:
    write_steps(tmp_path, 3)
    os.truncate(tmp_path / "t.0000.npy", 1 << 43)
    view = Tables(tmp_path).poll()["t"]
    assert 3 < view.rows < 10**7
    assert len(view.envelope("loss", 20)) <= 20
    assert len(view.tail(3)) == 3


def test_descriptors_close_with_the_last_view(tmp_path: Path) -> None:
    write(tmp_path, 1, 5, 1.0)
    before = len(os.listdir("/proc/self/fd"))
    tables = Tables(tmp_path)
    view = tables.poll()["t"]
    tables.close()
    assert view.envelope("loss", 9).x.tolist() == [1, 2, 3, 4]
    del view
    assert len(os.listdir("/proc/self/fd")) == before
