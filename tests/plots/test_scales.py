"""Scales: into the unit interval and back, at every size a float has."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tuiwb.plots.scales import Scale, cells, floats

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, finite, st.lists(finite, min_size=2, max_size=20))
def test_unit_keeps_order_and_the_ends(low: float, high: float, values: list[float]) -> None:
    assume(low < high)
    scale = Scale(low, high)
    assert scale.unit([low, high]) == pytest.approx([0, 1])
    unit = scale.unit(np.sort(np.clip(values, low, high)))
    assert (np.diff(unit) >= 0).all()
    assert ((unit >= 0) & (unit <= 1)).all()


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300), st.booleans(), finite)
def test_place_of_one_number_is_the_cell_of_the_array(
    a: float, b: float, log: bool, value: float
) -> None:
    low, high = min(a, b), max(a, b)
    assume(low < high)
    scale = Scale(low, high, log)
    expected = int(cells(scale.unit([value]), 40)[0])
    place = scale.place(value, 40)
    # At the very ends the two may round to different sides of the limit.
    if place is None:
        assert expected in (-1, 0, 39, 40)
    else:
        assert abs(place - expected) <= 1


def test_what_has_no_place() -> None:
    scale = Scale(0, 1)
    assert np.isnan(scale.unit([math.nan, math.inf, -math.inf])).all()
    assert cells(scale.unit([math.nan, -0.1, 0, 1, 1.1]), 5).tolist() == [-1, -1, 0, 4, 5]
    assert [scale.place(v, 5) for v in (math.nan, -0.1, 0, 1, 1.1)] == [None, None, 0, 4, None]
    log = Scale(1, 100, log=True)
    assert np.isnan(log.unit([0, -1])).all()
    assert log.place(0, 5) is None
    assert log.unit([10])[0] == pytest.approx(0.5)


@given(st.floats(1e-5, 1e5), st.floats(1.1, 100), st.floats(0, 1), st.booleans())
def test_value_undoes_unit(low: float, ratio: float, unit: float, log: bool) -> None:
    scale = Scale(low, low * ratio, log)
    assert scale.unit([scale.value(unit)])[0] == pytest.approx(unit, abs=1e-6)


def test_floats_takes_anything() -> None:
    assert floats(None).size == 0
    assert floats([[1, 2], [3, 4]]).tolist() == [1, 2, 3, 4]
    assert floats(3).tolist() == [3]
    odd = floats([1, None, "x"])  # type: ignore[arg-type]
    assert odd[0] == 1
    assert np.isnan(odd[1:]).all()
