"""The smoothed line against the sums it is defined by."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.plots.smooth import smooth


def by_definition(x: list[float], y: list[float], half_life: float) -> list[float]:
    out = []
    for i, at in enumerate(x):
        pairs = [(2.0 ** ((x[j] - at) / half_life), y[j]) for j in range(i + 1)]
        pairs = [(w, v) for w, v in pairs if np.isfinite(v)]
        total = sum(w for w, _ in pairs)
        known = np.isfinite(y[i]) and total > 0
        out.append(sum(w * v for w, v in pairs) / total if known else np.nan)
    return out


values = st.one_of(st.floats(-100, 100), st.just(float("nan")))
gaps = st.floats(0, 1000)


@given(st.lists(st.tuples(gaps, values), max_size=40), st.floats(0.1, 500))
def test_it_is_the_weighted_mean_that_it_says(
    samples: list[tuple[float, float]], half_life: float
) -> None:
    x = np.cumsum([gap for gap, _ in samples]).tolist()
    y = [value for _, value in samples]
    expected = np.array(by_definition(x, y, half_life))
    np.testing.assert_allclose(smooth(x, y, half_life), expected, rtol=1e-6, atol=1e-9)


@given(st.floats(-1e300, 1e300), st.integers(1, 500), st.floats(1e-3, 1e6))
def test_a_constant_stays_and_there_is_no_start_up_bias(
    value: float, count: int, half_life: float
) -> None:
    smoothed = smooth(np.arange(count), np.full(count, value), half_life)
    np.testing.assert_allclose(smoothed, value, rtol=1e-9)


def test_half_a_step_is_made_in_half_a_life() -> None:
    x = np.arange(20_000.0)
    y = np.where(x < 10_000, 0.0, 1.0)
    assert smooth(x, y, 100)[10_099] == pytest.approx(0.5, abs=1e-3)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30), st.floats())
def test_nothing_raises_and_gaps_stay_gaps(y: list[float], half_life: float) -> None:
    smoothed = smooth(np.arange(len(y)), y, half_life)
    assert (np.isfinite(smoothed) == np.isfinite(y)).all()


def test_no_half_life_smooths_nothing_and_an_endless_one_is_the_mean() -> None:
    y = [1.0, 3.0, 8.0]
    assert smooth([0, 1, 2], y, 0).tolist() == y
    assert smooth([0, 1, 2], y, float("inf")).tolist() == pytest.approx([1, 2, 4])
