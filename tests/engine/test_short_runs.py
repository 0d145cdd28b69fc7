"""Where short runs are made: towards the lowest loss, never twice, never more than were asked."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.test_range_test import session
from tuiwb.base.rates import RUNS, shares
from tuiwb.base.short_runs import ShortRun
from tuiwb.engine.range_test import range_test
from tuiwb.engine.short_runs import BESIDE, STEP, around, first


def asked(lowest: float, count: int) -> list[float]:
    """The steps from the start at which runs are made, of a loss that is lowest at a step."""
    found: list[float] = []

    def run_at(lr: float) -> ShortRun:
        found.append(round(math.log(lr / 0.01, STEP), 6))
        return ShortRun(lr, [(found[-1] - lowest) ** 2] * 20)

    around(0.01, STEP, count, run_at)
    return found


@given(st.floats(-6, 6), st.integers(1, 9))
def test_no_rate_is_tried_twice_and_no_more_than_were_asked(lowest: float, count: int) -> None:
    found = asked(lowest, count)
    assert 1 <= len(found) <= count and len(set(found)) == len(found)
    assert found[0] == 0


@given(st.floats(-2.4, 2.4))
def test_the_lowest_has_both_its_neighbours(lowest: float) -> None:
    found = asked(lowest, 9)
    best = min(found, key=lambda step: (step - lowest) ** 2)
    assert {best - 1, best, best + 1} <= set(found)


@pytest.mark.parametrize(
    ("most", "wanted"),
    [(0.02, [0.01, 0.025, 0.004, 0.0016]), (0.005, [0.01, 0.004, 0.0016, 0.00064])],
)
def test_a_loss_that_is_lost_turns_it_around(most: float, wanted: list[float]) -> None:
    rates: list[float] = []

    def run_at(lr: float) -> ShortRun:
        rates.append(lr)
        return ShortRun(lr, [lr] * 20 if lr < most else [9.0, math.nan])

    around(0.01, STEP, 4, run_at)
    assert rates == pytest.approx(wanted)


def test_it_begins_beside_the_valley() -> None:
    lrs = [10 ** (i / 10 - 5) for i in range(61)]
    losses = [2.0 - 0.02 * i if i <= 45 else 2.0 + (i - 45) for i in range(61)]
    assert first(lrs, losses) == (pytest.approx(BESIDE * lrs[36], rel=0.3), STEP)
    losses[50] = math.inf
    assert first(lrs, losses) == (pytest.approx(BESIDE * lrs[36], rel=0.3), STEP)
    silent = first(lrs, [2.0 + 0.1 * (i % 2) for i in range(61)])
    assert silent is not None and silent[1] == STEP**2  # the valley is anywhere
    assert first(lrs[:1], losses[:1]) is None
    assert first(lrs, [math.nan] * 61) is None


@given(st.integers(20, 10_000))
def test_no_step_of_a_test_is_lost_or_doubled(steps: int) -> None:
    climb, run = shares(steps)
    assert climb + RUNS * run == steps
    assert climb >= run >= 0


def test_a_test_of_a_hundred_steps_has_a_climb_and_runs() -> None:
    told: list[tuple[float, int]] = []
    made = session("mlp-digits", "schedule.name=cosine")
    (curve,) = range_test(made, 1e-6, 10.0, 100, lambda turn, lr, loss, run: told.append((lr, run)))
    climb, length = shares(100)
    assert [lr for lr, run in told if not run] == curve.lrs and len(curve.lrs) <= climb
    assert len(curve.runs) == RUNS
    for place, run in enumerate(curve.runs, 1):
        steps = [lr for lr, number in told if number == place]
        assert set(steps) == {run.lr} and len(steps) <= length
    best = min(curve.runs, key=lambda run: run.loss)
    assert best.loss < 0.5 * curve.losses[0]  # 20 steps from the start, each time


def test_a_run_is_the_same_whatever_ran_before_it() -> None:
    """All begin with the same weights, the same optimiser and the same batches."""
    (curve,) = range_test(session("mlp-digits", "regularize.dropout=0.3"), 1e-6, 10.0, 100)
    rates = [run.lr for run in curve.runs]
    (again,) = range_test(session("mlp-digits", "regularize.dropout=0.3"), 1e-6, 10.0, 100)
    assert again.runs == curve.runs and len(set(rates)) == len(rates)


def test_a_game_has_none() -> None:
    assert all(not c.runs for c in range_test(session("gan-ring"), 1e-4, 1e-2, 70))
