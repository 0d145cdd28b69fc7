"""The population's benchmark measures what it says."""

from __future__ import annotations

from tests.benchmarks.population import step_times


def test_it_compares_the_same_steps() -> None:
    together, alone, apart = step_times(members=3, steps=20, threads=1)
    assert together > 0 and alone > 0
    assert apart < 1e-5
