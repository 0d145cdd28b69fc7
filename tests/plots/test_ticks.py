"""Ticks: inside the limits, rising, told apart, and written as a person would."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tuiwb.plots import ticks
from tuiwb.plots.domain import x_limits, y_limits

finite = st.floats(allow_nan=False, allow_infinity=False)
scales = st.sampled_from(["linear", "log", "time"])


@given(finite, finite, st.integers(0, 25), scales)
def test_ticks_rise_inside_the_limits_and_have_labels_of_their_own(
    a: float, b: float, most: int, scale: str
) -> None:
    low, high = min(a, b), max(a, b)
    assume(scale != "log" or low > 0)
    found = ticks.of(scale, low, high, most)
    assert len(found.values) == len(found.labels) <= max(most, 1) + 2
    assert all(low <= value <= high for value in found.values)
    assert all(a < b for a, b in zip(found.values, found.values[1:], strict=False))
    assert all(a != b for a, b in zip(found.labels, found.labels[1:], strict=False))


@given(finite, finite, st.integers(2, 20))
def test_limits_that_were_made_for_the_data_get_ticks(a: float, b: float, most: int) -> None:
    low, high = y_limits(min(a, b), max(a, b))
    assert ticks.linear(low, high, most).values


@given(st.floats(-1e15, 1e15), st.floats(1e-9, 1e15), st.integers(1, 12))
def test_labels_fit_the_gutter(low: float, width: float, most: int) -> None:
    high = low + width
    assume(high > low and width > 1e-9 * abs(low))
    for label in ticks.linear(*y_limits(low, high), most).labels:
        assert len(label) <= 8


@pytest.mark.parametrize(
    ("low", "high", "most", "labels"),
    [
        (0, 1, 5, "0 0.2 0.4 0.6 0.8 1.0"),
        (0, 2.5, 5, "0 0.5 1.0 1.5 2.0 2.5"),
        (0, 1500, 3, "0 500 1000 1500"),
        (0, 30_000, 3, "0 10k 20k 30k"),
        (0, 2_000_000, 4, "0 0.5M 1.0M 1.5M 2.0M"),
        (0, 4e-5, 4, "0 1e-5 2e-5 3e-5 4e-5"),
        (-1, 1, 2, "-1 0 1"),
        (0, 2e20, 2, "0 1e20 2e20"),
    ],
)
def test_linear_labels(low: float, high: float, most: int, labels: str) -> None:
    assert " ".join(ticks.linear(low, high, most).labels) == labels


def test_values_that_differ_late_are_labelled_by_what_is_added() -> None:
    found = ticks.linear(1.0000001, 1.0000005, 4)
    assert found.offset == "+1"
    assert found.labels == ("1e-7", "2e-7", "3e-7", "4e-7", "5e-7")


@pytest.mark.parametrize(
    ("low", "high", "most", "labels"),
    [
        (0.1, 10, 8, "0.1 0.2 0.5 1 2 5 10"),
        (1e-6, 1e2, 9, "1e-6 1e-5 1e-4 0.001 0.01 0.1 1 10 100"),
        (1e-12, 1e12, 4, "1e-12 1e-6 1 1M 1T"),
        (0.31, 0.39, 4, "0.32 0.34 0.36 0.38"),
    ],
)
def test_log_labels(low: float, high: float, most: int, labels: str) -> None:
    assert " ".join(ticks.log(low, high, most).labels) == labels


@pytest.mark.parametrize(
    ("high", "labels"),
    [
        (60, "0 15s 30s 45s 1m"),
        (300, "0 2m 4m"),
        (5400, "0 30m 1h 1h30"),
        (200_000, "0 1d 2d"),
        (0.01, "0 0.005s 0.01s"),
    ],
)
def test_time_labels(high: float, labels: str) -> None:
    assert " ".join(ticks.time(0, high, 4).labels) == labels


def test_a_whole_step_is_exact() -> None:
    assert ticks.linear(0, 1, 10).values[3] == 0.3


@given(st.integers(1, 10**9))
def test_x_limits_of_a_run_have_ticks_at_whole_steps(step: int) -> None:
    found = ticks.linear(*x_limits(1, step), 6, 7)
    assert found.values
    if step > 10:
        assert all(value == int(value) for value in found.values)


@pytest.mark.parametrize(
    ("low", "high", "labels", "offset"),
    [
        (0.0019985, 0.002, "1.9985 1.9990 1.9995 2.0000", "\u00d71e-3"),
        (2.45e-5, 2.5e-5, "2.46 2.48 2.50", "\u00d71e-5"),
        (0.0009999992, 0.001, "-8e-10 -6e-10 -4e-10 -2e-10 0", "+0.001"),
        (12345678, 12345683, "0 2 4", "+12345678"),
        (0.09, 0.11, "0.090 0.095 0.100 0.105 0.110", ""),
    ],
)
def test_a_tiny_range_keeps_the_digits_that_differ(
    low: float, high: float, labels: str, offset: str
) -> None:
    found = ticks.linear(low, high, 4)
    assert (" ".join(found.labels), found.offset) == (labels, offset)


@given(st.floats(1e-9, 1e12), st.floats(1e-7, 1.0), st.integers(2, 8))
def test_labels_and_offset_say_the_value(low: float, share: float, most: int) -> None:
    low, high = y_limits(low, low * (1 + share))
    found = ticks.linear(low, high, most)
    off = found.offset.replace("\u00d7", "*")
    assert len(found.values) > 1 or most < 3
    for value, label in zip(found.values, found.labels, strict=True):
        number = label.translate({ord(sign): f"e{power}" for sign, power in UNITS.items()})
        assert eval(f"{number}{off}") == pytest.approx(value, abs=(high - low) / 50)


UNITS = {"k": 3, "M": 6, "G": 9, "T": 12}
