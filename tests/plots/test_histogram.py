"""Histograms over time: every value in the picture, whatever the counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plots.figures import drifting, glyph_sets
from tuiwb.base import bins
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.histogram import (
    Histogram,
    histogram_geometry,
    paint_histogram,
    read_histogram,
)

EDGES = np.array(bins.edges())
numbers = st.one_of(st.floats(), st.integers(0, 1000).map(float))


def lit(canvas: Canvas, figure: Histogram) -> np.ndarray:
    """Which cells of the plot are coloured, shape (height, width)."""
    area = histogram_geometry(figure, canvas.width, canvas.height).area
    place = (slice(area.top, area.top + area.height), slice(area.left, area.left + area.width))
    return (canvas.bg[place] >= 0) | (canvas.fg[place] >= 0)


@settings(max_examples=100)
@given(
    st.lists(st.floats(), max_size=6),
    st.lists(st.lists(numbers, min_size=3, max_size=3), max_size=6),
    st.one_of(st.just([-1.0, -0.1, 0.1, 1.0]), st.lists(st.floats(), max_size=5)),
    st.sampled_from(["log", "linear"]),
    st.tuples(st.integers(-1, 60), st.integers(-1, 20)),
    glyph_sets,
    st.one_of(st.none(), st.floats()),
    st.booleans(),
)
def test_no_shape_of_input_raises(
    x: list[float], counts: list[list[float]], edges: list[float], scale: str,
    size: tuple[int, int], glyphs: str, cursor: float | None, colour: bool,
) -> None:  # fmt: skip
    figure = Histogram("h", x, counts, edges, y_scale=scale, cursor=cursor)  # type: ignore[arg-type]
    canvas = paint_histogram(figure, *size, glyphs, colour)  # type: ignore[arg-type]
    assert canvas.chars.shape == (max(0, size[1]), max(0, size[0]))
    assert glyphs != "ascii" or canvas.text().isascii()
    read_histogram(figure, 1.0)


@given(st.integers(0, bins.BINS - 1), st.sampled_from(["log", "linear"]))
def test_a_lone_value_is_seen_wherever_it_lies(at: int, scale: str) -> None:
    counts = np.zeros((3, bins.BINS))
    counts[:, bins.POWERS] = 900
    counts[1, at] += 100
    figure = Histogram("h", [0, 50, 100], counts, EDGES, x_range=(0, 100), y_scale=scale)  # type: ignore[arg-type]
    drawn = lit(paint_histogram(figure, 60, 20), figure)
    assert drawn.any(axis=0).all()  # every column has values, and so has something lit
    rows = drawn[:, drawn.shape[1] // 2].sum()
    assert rows >= (1 if at == bins.POWERS or scale == "linear" else 2)


def test_nothing_is_lit_where_nothing_was_counted() -> None:
    counts = np.zeros((2, bins.BINS))
    counts[:, 50] = 10
    figure = Histogram("h", [40, 60], counts, EDGES, x_range=(0, 100))
    drawn = lit(paint_histogram(figure, 60, 12), figure)
    width = drawn.shape[1]
    assert not drawn[:, : int(0.38 * width)].any() and not drawn[:, int(0.62 * width) :].any()
    assert drawn[:, int(0.5 * width)].any()
    empty = Histogram("h", [1], [[0] * bins.BINS], EDGES, empty="comes soon")
    assert "comes soon" in paint_histogram(empty, 40, 10).text()


def test_a_scale_that_grows_is_a_band_that_climbs() -> None:
    figure = drifting(rectified=False)
    drawn = lit(paint_histogram(figure, 60, 20), figure)
    tops = [int(np.flatnonzero(drawn[:, column])[0]) for column in (0, drawn.shape[1] // 2)]
    assert tops[0] > tops[1]


def test_what_it_says_in_numbers_is_so() -> None:
    told = read_histogram(drifting(rectified=True), 900)
    assert told is not None and told.x == 900
    assert 0.35 < told.zeros < 0.6 and told.low == 0 and 1 < told.high < 4
    plain = read_histogram(drifting(rectified=False), 900)
    assert plain is not None and plain.low < -1 < 1 < plain.high and plain.zeros < 0.01


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_shares_under_the_cursor_add_up(scale: str) -> None:
    figure = drifting(rectified=True, cursor=500, y_scale=scale)
    rows = paint_histogram(figure, 80, 20).text().split("\n")[1:-2]
    shares = [float(row.rsplit(None, 1)[-1][:-1]) for row in rows if row.endswith("%")]
    assert 96 <= sum(shares) <= 102
