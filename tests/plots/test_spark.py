"""Sparklines: one character a column, whatever the values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuiwb.plots.palette import LOST
from tuiwb.plots.spark import BLOCKS, sparks

X = np.arange(8.0)


@settings(max_examples=60)
@given(
    st.lists(st.floats(), min_size=8, max_size=8),
    st.integers(0, 20),
    st.sampled_from(["linear", "log", "share"]),
)
def test_nothing_raises_and_the_width_is_kept(values: list[float], width: int, scale: str) -> None:
    (text,) = sparks(X, np.array([values]), (0, 7), width, scale)  # type: ignore[arg-type]
    assert len(text) == width
    assert set(text) <= {*BLOCKS, LOST, " "}


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_what_rises_is_drawn_rising(scale: str) -> None:
    (text,) = sparks(X, 10 ** np.arange(8.0)[None], (0, 7), 8, scale)  # type: ignore[arg-type]
    assert list(text) == sorted(text, key=BLOCKS.index)
    assert (text[0], text[-1]) == (BLOCKS[0], BLOCKS[-1])
    assert (text == BLOCKS) == (scale == "log")


def test_a_constant_with_noise_is_flat_and_a_share_has_one_scale_for_all() -> None:
    rows = np.array([5 + 0.01 * np.sin(X), np.full(8, 0.02), np.full(8, 0.98)])
    assert len(set(sparks(X, rows[:1], (0, 7), 8, "linear")[0])) == 1
    assert sparks(X, rows[1:], (0, 7), 8, "share") == [BLOCKS[0] * 8, BLOCKS[-1] * 8]


def test_gaps_and_infinities_are_seen_and_time_is_to_scale() -> None:
    values = np.array([[1, 1, np.nan, np.inf, 1, 1, 1, 1.0]])
    assert sparks(X, values, (0, 7), 8, "linear")[0].rstrip() == f"▅▅ {LOST}▅▅▅▅"
    assert sparks(X, values[:0], (0, 7), 8, "linear") == []
