"""Threads inside an operation of a population: what is faster here and now."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tuiwb.engine.population import threads
from tuiwb.engine.population.threads import BLOCK, BLOCKS, Threads


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The number of threads is the process's."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def steps(tried: Threads, seconds: dict[int, float], count: int = 200) -> int:
    """Make steps until it is decided; how many that took."""
    for done in range(count):
        if not tried.trying:
            return done
        tried.before()
        tried.after(seconds[torch.get_num_threads()])
    raise AssertionError("it never decides")


@pytest.mark.parametrize(
    ("one", "several", "chosen"), [(5.0, 3.0, 2), (5.0, 4.9, 1), (5.0, 300.0, 1)]
)
def test_the_faster_is_chosen(one: float, several: float, chosen: int) -> None:
    tried = Threads(0, True, cores=2)
    assert steps(tried, {1: one, 2: several}) == 2 * BLOCK * BLOCKS
    tried.before()
    assert torch.get_num_threads() == chosen and not tried.trying


def test_it_is_tried_again_when_the_machine_may_have_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    tried = Threads(0, True, cores=2)
    steps(tried, {1: 5.0, 2: 3.0})
    tried.before()
    assert not tried.trying and torch.get_num_threads() == 2
    now[0] += threads.AGAIN
    tried.before()
    assert tried.trying
    tried.after(5.0)
    assert steps(tried, {1: 5.0, 2: 30.0}) == 2 * BLOCK - 1 and torch.get_num_threads() == 1


@pytest.mark.parametrize(("asked", "on_cpu", "cores"), [(3, True, 4), (0, False, 4), (0, True, 1)])
def test_where_there_is_nothing_to_choose_nothing_is_touched(
    asked: int, on_cpu: bool, cores: int
) -> None:
    before = torch.get_num_threads()
    tried = Threads(asked, on_cpu, cores)
    assert not tried.trying
    tried.before()
    tried.after(1.0)
    assert torch.get_num_threads() == before
