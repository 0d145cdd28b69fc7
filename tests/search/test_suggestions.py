"""What a curve suggests, where the answer is known; and none where there is nothing to read."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.base.short_runs import ShortRun
from tuiwb.base.short_runs import settled as best_of
from tuiwb.base.valley import HALF_LIFE, WAY, falls
from tuiwb.base.valley import valley as place_of
from tuiwb.search.suggestions import (
    RULES,
    minimum,
    settled,
    slide,
    smoothed,
    steep,
    suggestions,
    valley,
)

RATES = np.logspace(-6, 1, 100)
DECADES = np.log10(RATES)


def slope(begin: float, end: float) -> np.ndarray:
    """Flat at 2 up to the rate ``10**begin``, down to 0.5 at ``10**end``, then up steeply."""
    down = 2 - 1.5 * np.clip((DECADES - begin) / (end - begin), 0, 1)
    return np.asarray(down + 3 * np.clip(DECADES - end - 0.3, 0, None))


def flat(lr: float, loss: float) -> ShortRun:
    """A short run that stands still."""
    return ShortRun(lr, [loss] * 20)


def at(index: int | None) -> float:
    """The decade of a point."""
    assert index is not None
    return float(DECADES[index])


def test_the_valley_is_most_of_the_way_down_the_fall_and_not_on_the_plateau_before() -> None:
    curve = slope(-4, -1)
    assert at(valley(RATES, curve)) == pytest.approx(-4 + 3 * WAY, abs=0.15)


def test_a_bump_on_the_way_down_is_left_out() -> None:
    curve = slope(-4, -1)
    curve[45:48] += 0.5
    assert at(valley(RATES, curve)) == pytest.approx(-4 + 3 * WAY, abs=0.15)


def test_the_longer_of_two_valleys_is_taken() -> None:
    curve = np.where(DECADES < -4, 9 - (DECADES + 6), 0) + np.where(DECADES >= -4, 20, 0)
    curve = curve + np.where(DECADES >= -4, -(DECADES + 4), 0)
    assert at(valley(RATES, curve)) == pytest.approx(-4 + 5 * WAY, abs=0.15)


def test_steep_is_where_a_sigmoid_bends() -> None:
    assert at(steep(RATES, -np.tanh(DECADES + 2.5))) == pytest.approx(-2.5, abs=0.08)


def test_a_fall_from_an_explosion_is_not_the_steepest() -> None:
    curve = slope(-4, -1)
    curve[-1] = curve.min() + 0.01  # from 5.4: far steeper, and past the least loss
    assert at(steep(RATES, curve)) < -1


def test_the_minimum_is_the_least() -> None:
    assert at(minimum(RATES, slope(-4, -1))) == pytest.approx(-1, abs=0.1)


def test_a_lucky_first_batch_is_neither_the_least_nor_the_steepest() -> None:
    curve = slope(-4, -1)
    curve[0], curve[1], curve[2] = 0.1, 9.0, 2.0
    assert at(minimum(RATES, curve)) == pytest.approx(-1, abs=0.1)
    assert -4 <= at(steep(RATES, curve)) <= -1


def test_slide_stands_a_decade_before_the_slope_changes_last() -> None:
    until = int(np.searchsorted(DECADES, -0.2))
    found = slide(RATES[:until], slope(-4, -1)[:until])  # the rise begins at -0.7
    assert at(found) == pytest.approx(-1.75, abs=0.15)
    assert slide(RATES[:10], slope(-4, -1)[:10]) is None  # less than the window


def test_a_tenth_of_the_minimum_is_suggested() -> None:
    found = {one.name: one for one in suggestions(RATES.tolist(), slope(-4, -1).tolist())}
    curve = smoothed(RATES.tolist(), slope(-4, -1).tolist())
    assert found["minimum"].lr == pytest.approx(RATES[curve.argmin()] / 10)
    assert list(found) == list(RULES) and next(iter(found)) == "valley"
    for one in found.values():
        assert one.loss == pytest.approx(np.interp(one.lr, RATES, curve))


def test_a_mean_lags_by_its_half_life_whatever_the_number_of_steps() -> None:
    for count in (50, 200, 1000):
        rates = np.logspace(-6, 1, count)
        step = np.where(rates < 1e-3, 1.0, 0.0)
        mean = smoothed(rates.tolist(), step.tolist())
        half = np.log10(rates[np.flatnonzero(mean < 0.5)[0]])
        assert half == pytest.approx(-3 + HALF_LIFE, abs=0.2)
    assert smoothed([1.0], [3.0]).tolist() == [3.0]
    assert smoothed(RATES.tolist(), [2.0] * 100) == pytest.approx([2.0] * 100)


def test_a_curve_that_does_not_fall_suggests_nothing() -> None:
    noise = np.random.default_rng(0).normal(size=100)
    for values in (
        np.full(100, 2.0),
        DECADES + 7,
        2 + 0.1 * noise,
        2 + 0.1 * noise + np.clip(DECADES, 0, None),
    ):
        assert suggestions(RATES.tolist(), values.tolist()) == []
    assert suggestions(RATES.tolist(), (slope(-4, -1) + 0.1 * noise).tolist())
    assert falls(slope(-4, -1))


@pytest.mark.parametrize("count", range(10))
def test_a_short_curve_suggests_nothing_and_breaks_nothing(count: int) -> None:
    found = suggestions(RATES[:count].tolist(), [2.0 - 0.1 * i for i in range(count)])
    assert bool(found) == (count >= 8)


def test_losses_that_are_no_numbers_are_left_out() -> None:
    losses: list[float | None] = slope(-4, -1).tolist()
    whole = suggestions(RATES.tolist(), losses)
    losses[-1] = None
    losses[-2] = math.nan
    losses[-3] = math.inf
    assert [one.name for one in suggestions(RATES.tolist(), losses)] == [o.name for o in whole]


@given(
    st.lists(st.floats(-1e9, 1e9) | st.none() | st.just(math.nan), max_size=60),
    st.floats(-8, 0),
    st.floats(0.1, 8),
)
def test_every_suggestion_is_a_rate_of_the_test_or_a_tenth_of_one(
    losses: list[float | None], low: float, width: float
) -> None:
    rates = np.logspace(low, low + width, len(losses)).tolist()
    for one in suggestions(rates, losses):
        known = [rate / (10 if one.name == "minimum" else 1) for rate in rates]
        assert min(abs(math.log(one.lr / rate)) for rate in known) < 1e-9


def test_short_runs_settle_where_the_valley_is_and_nothing_else() -> None:
    losses = slope(-4, -1).tolist()
    without = suggestions(RATES.tolist(), losses)
    runs = [flat(0.01, 0.5), flat(0.025, 0.4), flat(0.004, 0.9), flat(0.0625, math.nan)]
    found = suggestions(RATES.tolist(), losses, runs)
    assert found[1:] == without[1:]
    assert found[0].name == "valley" and found[0].lr == 0.025
    assert found[0].loss == pytest.approx(0.4)
    assert (
        suggestions(RATES.tolist(), losses, [flat(0.1, math.nan)]) == without
    )  # none kept its loss


def test_it_says_whether_the_lowest_or_one_that_is_as_good_settled_it() -> None:
    """Losses that tremble by more than they differ, and apart."""
    one, other = [2.0, 3.0] * 10, [2.9, 2.0] * 10
    for low, high, lr, words in (
        (one, other, 0.01, "the lowest rate as good in short runs"),
        (other, one, 0.01, "where short runs end lowest"),
    ):
        found = settled([ShortRun(0.1, high), ShortRun(0.01, low)])
        assert found is not None and (found.lr, found.words) == (lr, words)


def test_where_the_curve_is_silent_runs_that_learned_speak_for_themselves() -> None:
    still, rates = [2.0] * 40, RATES[:40].tolist()
    assert suggestions(rates, still, [flat(0.1, 1.2), flat(0.2, 1.5)])[0].lr == 0.1
    assert suggestions(rates, still, [flat(0.1, 1.9999)]) == []
    assert len(suggestions(rates, still, [flat(0.1, 1.2)])) == 1


@given(st.floats(-0.45, 0.45), st.floats(0.1, 10))
def test_of_a_parabola_the_lowest_point_is_found(shift: float, bend: float) -> None:
    """Between runs that are evenly apart in the logarithm of the rate."""
    runs = [flat(0.1 * 2.5**place, bend * (place - shift) ** 2 - 3) for place in (0, 1, -1)]
    found = settled(runs)
    assert found is not None
    assert found.lr == pytest.approx(0.1 * 2.5**shift, rel=1e-6)


@given(
    st.lists(
        st.tuples(st.floats(1e-6, 1), st.lists(st.floats(-9, 9), min_size=20, max_size=20)),
        min_size=1,
        max_size=6,
    )
)
def test_what_is_settled_lies_by_the_best_run(drawn: list[tuple[float, list[float]]]) -> None:
    runs = [ShortRun(lr, losses) for lr, losses in drawn]
    found, best = settled(runs), best_of(runs)
    assert found is not None and best is not None and found.loss == best.loss
    assert min(lr for lr, _ in drawn) <= found.lr <= max(lr for lr, _ in drawn)
    others = [run.lr for run in runs if run.lr != best.lr]
    assert all(
        abs(math.log(found.lr / best.lr)) <= abs(math.log(found.lr / lr)) + 1e-9 for lr in others
    )


@given(st.lists(st.integers(-9, 9).map(float), min_size=1, max_size=40))
def test_the_longest_fall_is_that_of_a_search_of_all_pairs(curve: list[float]) -> None:
    lengths, begun = [1] * len(curve), list(range(len(curve)))
    for i in range(len(curve)):
        for j in range(i):
            if curve[j] > curve[i] and lengths[j] + 1 >= lengths[i]:
                lengths[i], begun[i] = lengths[j] + 1, begun[j]
    end = lengths.index(max(lengths))
    assert place_of(curve) == int(begun[end] + (end - begun[end]) * WAY)
