"""Columns of runs as series: the rows themselves where they are few, buckets where many."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.cli.recorded import record
from tuiwb.api import open_run
from tuiwb.client.lessons import column, layer_values
from tuiwb.client.overlay import BUCKETS, series
from tuiwb.run.layout import RunPaths
from tuiwb.run.schema import dtype_layers
from tuiwb.run.table import TableWriter


def test_a_series_a_run_whole_where_it_is_short(tmp_path: Path) -> None:
    views = {"one": open_run(record(tmp_path)), "two": open_run(record(tmp_path, steps=2000))}
    one, two = series("loss", views)
    steps, losses = column(views["one"], "loss")
    assert one.label == "one" and one.low is None
    np.testing.assert_array_equal(one.x, steps)
    np.testing.assert_array_equal(one.y, losses)
    every = column(views["two"], "loss")[1]
    assert two.low is not None and two.high is not None
    assert len(two.x) <= BUCKETS < len(every)
    assert np.nanmin(two.low) == np.nanmin(every) and np.nanmax(two.high) == np.nanmax(every)


def test_layers_are_numbered_from_one(tmp_path: Path) -> None:
    view = open_run(record(tmp_path))
    (one,) = series("layers.grad_norm", {"one": view})
    names, values = layer_values(view, "grad_norm", "first")
    assert len(names) == len(one.x) > 0 and one.x[0] == 1
    np.testing.assert_array_equal(one.y, values)


def test_what_is_not_there_is_empty(tmp_path: Path) -> None:
    views = {"one": open_run(record(tmp_path, steps=900))}
    for name in ("no such", "layers.no such", "layers.no such@last", "layers.grad_norm@f2"):
        (one,) = series(name, views)
        assert len(one.x) == len(one.y) == 0


def test_one_layer_over_the_steps_with_its_band(tmp_path: Path) -> None:
    view = open_run(record(tmp_path, steps=900))
    (norms,), (named,) = (
        series(f"layers.grad_norm@{layer}", {"one": view}) for layer in ("last", "f1")
    )
    np.testing.assert_array_equal(norms.y, named.y)
    np.testing.assert_allclose(norms.y, 1 / norms.x, rtol=1e-6)
    assert 200 < len(norms.x) <= BUCKETS and norms.low is None

    path = record(tmp_path, steps=0)
    rows = np.zeros(3, dtype_layers(1, ("act_low", "act_median", "act_high")))
    rows["step"], rows["act_median"] = (1, 2, 3), [[0.0], [1.0], [2.0]]
    rows["act_low"], rows["act_high"] = rows["act_median"] - 1, rows["act_median"] + 1
    with TableWriter(RunPaths(path).tables, "layers", rows.dtype) as writer:
        writer.append(rows)
    (banded,) = series("layers.act_median@first", {"one": open_run(path)})
    assert banded.low is not None and banded.high is not None
    assert (banded.low.tolist(), banded.y.tolist()) == ([-1, 0, 1], [0, 1, 2])
    assert banded.high.tolist() == [1, 2, 3]
