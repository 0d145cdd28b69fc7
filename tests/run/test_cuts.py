"""One layer out of wide rows: the same values as reading whole rows gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tuiwb.run import cuts
from tuiwb.run.cuts import cut
from tuiwb.run.schema import dtype_histograms
from tuiwb.run.segment import Segment
from tuiwb.run.table import TableWriter
from tuiwb.run.tableview import TableView

LAYERS, BINS = 5, 7


def table(folder: Path, rows: int) -> tuple[TableView, np.ndarray]:
    writer = TableWriter(folder, "histograms", dtype_histograms(LAYERS, BINS))
    data = np.zeros(rows, writer.dtype)
    data["step"] = 3 * np.arange(rows)
    rng = np.random.default_rng(0)
    data["gradients"] = rng.integers(0, 60_000, (rows, LAYERS * BINS))
    writer.append(data)
    writer.close()
    segment = Segment(next(folder.glob("histograms.*.npy")))
    return TableView("histograms", [(segment, segment.rows)]), data


def test_a_layer_is_cut_out(tmp_path: Path) -> None:
    view, data = table(tmp_path, 40)
    at, values = cut(view, "gradients", 2 * BINS, 3 * BINS)
    assert at.tolist() == data["step"].tolist()
    assert (values == data["gradients"][:, 2 * BINS : 3 * BINS]).all()


@pytest.mark.parametrize(("column", "first"), [("nothing", 0), ("step", 0), ("gradients", 35)])
def test_what_is_not_there_is_empty(tmp_path: Path, column: str, first: int) -> None:
    at, values = cut(table(tmp_path, 3)[0], column, first, first + BINS)
    assert at.shape == (0,) and values.shape == (0, BINS)


def test_long_tables_give_an_even_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuts, "MOST", 10)
    at, values = cut(table(tmp_path, 45)[0], "gradients", 0, BINS)
    assert 5 <= len(at) == len(values) <= 10
    assert len(set(np.diff(at))) == 1


def test_a_file_that_became_shorter_gives_fewer_rows(tmp_path: Path) -> None:
    view, data = table(tmp_path, 40)
    path = next(tmp_path.glob("histograms.*.npy"))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 20 * data.dtype.itemsize)
    at, values = cut(view, "gradients", 0, BINS)
    assert len(at) == len(values) == 20
