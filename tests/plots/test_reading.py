"""What a cursor reads."""

from __future__ import annotations

import math

import numpy as np

from tests.plots.figures import layers, training
from tuiwb.plots.figure import HeatMap
from tuiwb.plots.reading import grid, nearest_index, read, read_map


def test_a_cursor_reads_the_nearest_sample_of_every_line() -> None:
    train, val = read(training(), 512)
    assert val.name == "val"
    assert val.x == 500
    assert math.isnan(val.low)
    assert abs(train.x - 512) <= 3
    assert train.low < train.y < train.high


def test_a_map_reads_a_column() -> None:
    figure = layers(4)
    x, values = read_map(figure, 300)
    assert abs(x - 300) <= 6
    assert values.shape == (4,)
    assert (np.diff(values) < 0).all()


def test_there_may_be_nothing_to_read() -> None:
    assert nearest_index(np.empty(0), 1) is None
    assert nearest_index(np.array([np.nan]), 1) is None
    assert nearest_index(np.array([1.0]), math.nan) is None
    assert nearest_index(np.array([np.nan, -1.7e308, 3]), 1.7e308) == 2
    x, values = read_map(HeatMap("g", ("a", "b")), 1)
    assert math.isnan(x)
    assert np.isnan(values).all()


def test_a_grid_fits_rows_columns_and_order() -> None:
    xs, values = grid(HeatMap("g", ("a", "b"), [3, 1, math.nan], [[1, 2, 3, 4]]))
    assert xs.tolist() == [1, 3]
    assert values[0].tolist() == [2, 1]
    assert np.isnan(values[1]).all()
