"""What every schedule promises, whichever it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts.making import knobs, module, names
from tuiwb.optim.schedule import learning_rate


@pytest.mark.parametrize("name", names("schedule"))
@given(total=st.integers(1, 5000), place=st.floats(0, 1, exclude_max=True))
@settings(max_examples=60)
def test_factor_is_a_share_of_the_peak(name: str, total: int, place: float) -> None:
    step = int(place * total)
    factor = module("schedule", name).factor(step, total, knobs("schedule", name))
    assert 0 < factor <= 1
    assert factor == module("schedule", name).factor(step, total, knobs("schedule", name))


@pytest.mark.parametrize("name", names("schedule"))
@given(total=st.integers(2, 400), warmup=st.integers(0, 399))
@settings(max_examples=40)
def test_warm_up_rises_and_hands_over(name: str, total: int, warmup: int) -> None:
    warmup = min(warmup, total - 1)
    made = knobs("schedule", name, warmup=warmup)
    rates = [learning_rate(step, total, made, 0.5) for step in range(total)]
    assert all(0 < rate <= 0.5 for rate in rates)
    assert rates[: warmup + 1] == sorted(rates[: warmup + 1])
    bare = module("schedule", name)
    assert rates[warmup:] == [
        0.5 * bare.factor(step, total - warmup, made) for step in range(total - warmup)
    ]


@pytest.mark.parametrize("name", names("schedule"))
def test_a_run_that_is_made_longer_stays_in_range(name: str) -> None:
    assert 0 < learning_rate(10_000, 100, knobs("schedule", name), 1.0) <= 1
