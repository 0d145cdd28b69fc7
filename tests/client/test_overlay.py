"""Columns of runs as series: the rows themselves where they are few, buckets where many."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.cli.recorded import record
from tuiwb.api import open_run
from tuiwb.client.lessons import column, layer_values
from tuiwb.client.overlay import BUCKETS, series


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
    for name in ("no such", "layers.no such"):
        (one,) = series(name, views)
        assert len(one.x) == len(one.y) == 0
