"""Numbers in a fixed number of columns."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.plots.numbers import short, span


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_six_columns_hold_any_number_but_the_smallest_negative_ones(value: float) -> None:
    assert len(short(value)) <= 7
    if math.isnan(value) or math.isinf(value) or value >= 0:
        assert len(short(value)) <= 6


@given(st.floats(-1e300, 1e300).filter(lambda v: abs(v) > 1e-300))
def test_what_is_written_is_near(value: float) -> None:
    text = short(value, 9)
    factor = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}.get(text[-1], 1)
    read = float(text.rstrip("kMGT")) * factor
    assert read == pytest.approx(value, rel=0.01)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.231, "0.2310"),
        (-0.231, "-0.231"),
        (2.3, "2.300"),
        (1234.5, "1234"),
        (12345.0, "12.35k"),
        (1_000_000, "1.000M"),
        (1.2e-5, "1.2e-5"),
        (1e-300, "1e-300"),
        (0, "0"),
        (None, "-"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
    ],
)
def test_known_numbers(value: float | None, text: str) -> None:
    assert short(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0"),
        (45, "45s"),
        (60, "1m"),
        (90, "1m30"),
        (3600, "1h"),
        (5400, "1h30"),
        (86_400, "1d"),
        (216_000, "2d12h"),
        (-30, "-30s"),
        (0.5, "0.5s"),
    ],
)
def test_times(seconds: float, text: str) -> None:
    assert span(seconds) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_time_has_a_text(seconds: float) -> None:
    assert span(seconds)
