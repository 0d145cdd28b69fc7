"""What short runs come to: what cannot be told apart is decided for the lowest rate."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.base.short_runs import ShortRun, settled


def run(lr: float, loss: float, noise: float = 0.0, seed: int = 0) -> ShortRun:
    """Twenty losses around one; runs of one seed tremble alike, as on the same batches."""
    random = Random(seed)
    return ShortRun(lr, [loss + noise * random.gauss(0, 1) for _ in range(20)])


def test_a_run_is_judged_by_its_last_losses() -> None:
    assert ShortRun(0.1, [9.0] * 17 + [1.0, 2.0, 3.0]).loss == 2.0
    assert ShortRun(0.1, [5.0, 4.0]).loss == 4.0
    for lost in ([9.0, math.inf], [9.0, math.nan, 1.0], []):
        assert ShortRun(0.1, lost).loss == math.inf


@given(st.lists(st.tuples(st.floats(1e-6, 1), st.integers(-9, 9)), min_size=1, max_size=6))
def test_of_losses_that_do_not_tremble_the_lowest_settles_it(runs: list[tuple[float, int]]) -> None:
    """And of equals the one at the lowest rate."""
    found = settled([run(lr, float(loss)) for lr, loss in runs])
    assert found is not None
    assert (found.loss, found.lr) == min((float(loss), lr) for lr, loss in runs)


@pytest.mark.parametrize("lower", [0.2, -0.2])
def test_what_chance_may_have_done_is_decided_for_the_lower_rate(lower: float) -> None:
    low, high = run(0.01, 2.0, noise=1.0, seed=1), run(0.1, 2.0 - lower, noise=1.0, seed=2)
    assert settled([high, low]) is low


def test_what_batches_have_in_common_falls_out() -> None:
    """They tremble by five times what the two differ by, and alike."""
    low, high = run(0.01, 2.2, noise=1.0), run(0.1, 2.0, noise=1.0)
    assert settled([low, high]) is high and low.worse(high) and not high.worse(low)


def test_one_that_lost_its_loss_settles_nothing() -> None:
    low, lost = run(0.01, 2.0), ShortRun(0.001, [1.0, math.nan])
    assert settled([lost, low]) is low
    assert settled([lost]) is None and settled([]) is None


@given(st.data())
def test_who_settles_it_is_not_worse_than_any_that_ends_lowest(data: st.DataObject) -> None:
    losses = st.lists(st.floats(0, 9), min_size=20, max_size=20)
    rates = data.draw(st.lists(st.floats(1e-6, 1), min_size=1, max_size=4, unique=True))
    runs = [ShortRun(lr, data.draw(losses)) for lr in rates]
    found, lowest = settled(runs), min(runs, key=lambda run: run.loss)
    assert found is not None
    assert found is lowest or (found.lr < lowest.lr and not found.worse(lowest))
