"""Limits: round, around the data, and still while a run grows."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.plots.domain import fit, fit_map, round_up, sane, v_limits, x_limits, y_limits
from tuiwb.plots.figure import Figure, HeatMap, Line

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, finite, st.booleans())
def test_limits_hold_the_data(a: float, b: float, log: bool) -> None:
    low, high = min(a, b), max(a, b)
    for limits in (x_limits(low, high), y_limits(low, high)):
        assert limits[0] <= low <= high <= limits[1]
        assert limits[0] < limits[1]
    if low > 1e-300:
        limits = y_limits(low, high, log=True)
        assert 0 < limits[0] <= low <= high <= limits[1]


@given(finite, finite, finite, finite, st.booleans())
def test_limits_that_still_fit_are_kept_or_hold_the_data_anew(
    a: float, b: float, c: float, d: float, log: bool
) -> None:
    if log:
        a, b, c, d = (abs(value) + 1e-200 for value in (a, b, c, d))
    low, high = min(a, b), max(a, b)
    before = y_limits(min(c, d), max(c, d), log)
    after = y_limits(low, high, log, before)
    assert after[0] <= low <= high <= after[1]


@given(st.floats(1e-290, 1e290))
def test_round_up_is_near_above(value: float) -> None:
    assert value * (1 - 1e-9) <= round_up(value) <= value * 1.34


def test_a_growing_run_changes_its_x_limits_a_few_times_a_decade() -> None:
    seen, limits = set(), None
    for step in range(1, 10_001, 7):
        limits = x_limits(1, step, limits)
        seen.add(limits)
    assert len(seen) <= 10 * 4 + 2


def test_a_falling_loss_keeps_its_y_limits_until_it_fills_too_little() -> None:
    x = np.arange(1, 2001)
    loss = 0.3 + 2 * np.exp(-x / 300) + np.random.default_rng(0).normal(0, 0.05, 2000)
    limits, changes = None, 0
    for step in range(1, 2001, 5):
        shown = loss[max(0, step - 200) : step]
        after = y_limits(float(shown.min()), float(shown.max()), False, limits)
        changes += after != limits
        limits = after
    assert changes <= 20


def test_known_limits() -> None:
    assert x_limits(1, 812) == (0, 1000)
    assert x_limits(1, 1210) == (0, 1250)
    assert x_limits(900, 1000) == (900, 1000)
    assert y_limits(0.21, 2.3) == (0, 2.5)
    assert y_limits(0.03, 2.3, log=True) == (0.02, 5)
    assert y_limits(0, 0) == (-1, 1)
    assert y_limits(math.nan, math.nan) == (0, 1)
    assert v_limits([1e-4, 0.0, np.inf, 3], "log10") == (1e-4, 10)
    assert v_limits([], "log10") == (0.1, 1)
    assert v_limits([1e-200, 1], "log10") == (1e-12, 1)


def test_a_colour_scale_keeps_a_spare_decade_and_no_more() -> None:
    wide = v_limits([1e-4, 3.0], "log10")
    assert v_limits([2e-3, 3.0], "log10", wide) == wide
    assert v_limits([2e-2, 3.0], "log10", wide) == (1e-2, 10)
    assert v_limits([1e-6, 3.0], "log10", wide) == (1e-6, 10)


def test_sane_refuses_what_no_axis_can_have() -> None:
    assert sane((0, 1)) == (0, 1)
    for limits in (None, (1, 1), (2, 1), (math.nan, 1), (0, math.inf)):
        assert sane(limits) is None
    assert sane((0, 1), log=True) is None


def test_fit_fills_open_ranges_and_keeps_given_ones() -> None:
    line = Line("loss", [1, 800], [0.3, 2.2])
    figure = fit(Figure("loss", (line,)))
    assert (figure.x_range, figure.y_range) == ((0, 800), (0, 2.5))
    later = fit(Figure("loss", (Line("loss", [1, 790], [0.3, 1.9]),)), figure)
    assert (later.x_range, later.y_range) == (figure.x_range, figure.y_range)
    log = fit(Figure("loss", (line,), y_scale="log"), figure)
    assert log.y_range == (0.2, 5)
    given_ = fit(Figure("loss", (line,), x_range=(0, 5), y_range=(1, 2)))
    assert (given_.x_range, given_.y_range) == ((0, 5), (1, 2))
    fitted = fit_map(HeatMap("g", ("a",), [1, 90], [[0.1, 0.5]]))
    assert (fitted.x_range, fitted.v_range) == ((0, 100), (0.1, 1))
    assert fit_map(HeatMap("g", ("a",), [1, 90], [[0.1, 0.05]]), fitted).v_range == (0.01, 1)
