"""Mean and spread of several series: right, and silent where there is none."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.plots.spread import at, spread

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8)


@given(st.lists(VALUES, min_size=2, max_size=5))
def test_mean_and_deviation_are_those_of_the_samples(found: list[list[float]]) -> None:
    size = min(map(len, found))
    x = np.arange(float(size))
    got = spread([(x, y[:size]) for y in found], x)
    values = np.array([y[:size] for y in found])
    deviation = values.std(axis=0, ddof=1)
    np.testing.assert_allclose(got.mean, values.mean(axis=0), rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(got.high - got.mean, deviation, rtol=1e-6, atol=1e-4)
    np.testing.assert_allclose(got.mean - got.low, deviation, rtol=1e-6, atol=1e-4)


def test_only_those_that_reach_there_count_and_one_alone_has_no_spread() -> None:
    got = spread([([0, 2], [0, 2]), ([0, 1], [2, 3])], [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(got.mean, [1.0, 2.0, np.nan])
    assert np.isnan(got.low[2]) and np.isnan(got.high[2])


def test_between_samples_a_series_is_straight_and_beyond_its_ends_nothing() -> None:
    got = at(np.array([-1.0, 0.5, 1.5, 3.0]), [0, 1, 2], [0.0, np.nan, 4.0])
    np.testing.assert_array_equal(got, [np.nan, 1.0, 3.0, np.nan])
    assert np.isnan(at(np.array([0.0]), [], [])).all()


def test_nothing_to_average_is_nothing() -> None:
    assert np.isnan(spread([], [0.0, 1.0]).mean).all()
    assert np.isnan(spread([([0], [np.inf]), ([0], [1.0])], [0.0]).mean).all()
