"""Batches are a pure function of seed and step, and every epoch holds every sample once."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tuiwb.base.errors import UserError
from tuiwb.data.batches import CHUNK, Batches, evaluation, generator
from tuiwb.data.dataset import Part


def _part(count: int) -> Part:
    rows = torch.arange(count)
    return Part(rows[:, None].float(), rows)


def _text(count: int) -> Part:
    return Part(torch.arange(count), None)


@given(count=st.integers(1, 40), size=st.integers(1, 50), epochs=st.integers(1, 4))
@settings(max_examples=80)
def test_every_epoch_holds_every_sample_once(count: int, size: int, epochs: int) -> None:
    batches = Batches(_part(count), size, seed=0)
    steps = -(-epochs * count // batches.batch_size)
    drawn = torch.cat([batches.at(step)[1] for step in range(steps)])
    for epoch in range(epochs):
        samples = drawn[epoch * count : (epoch + 1) * count]
        assert sorted(samples.tolist()) == list(range(count))


@given(count=st.integers(1, 40), size=st.integers(1, 50), steps=st.lists(st.integers(0, 500)))
@settings(max_examples=60)
def test_a_step_depends_on_no_other(count: int, size: int, steps: list[int]) -> None:
    walked = Batches(_part(count), size, seed=1)
    for step in steps:
        x, y = walked.at(step)
        fresh_x, fresh_y = Batches(_part(count), size, seed=1).at(step)
        assert torch.equal(x, fresh_x) and torch.equal(y, fresh_y)
        assert len(y) == min(size, count) == walked.batch_size
        assert torch.equal(x[:, 0].long(), y), "inputs and targets went different ways"


def test_epochs_differ_and_seeds_differ() -> None:
    batches = Batches(_part(64), 64, seed=0)
    assert not torch.equal(batches.at(0)[1], batches.at(1)[1])
    assert not torch.equal(batches.at(0)[1], Batches(_part(64), 64, seed=1).at(0)[1])


def test_steps_per_epoch_is_exact() -> None:
    assert Batches(_part(100), 32, 0).steps_per_epoch == 100 / 32
    assert Batches(_part(10), 32, 0).steps_per_epoch == 1
    assert Batches(_text(1000), 4, 0, context=10).steps_per_epoch == 1000 / 40


def test_a_step_draws_nothing_from_the_global_generator() -> None:
    before = torch.get_rng_state()
    Batches(_part(9), 4, 0).at(3)
    Batches(_text(99), 4, 0, context=8).at(3)
    assert torch.equal(torch.get_rng_state(), before)


@given(count=st.integers(9, 200), step=st.integers(0, 2 * CHUNK))
@settings(max_examples=40)
def test_text_windows_are_runs_of_the_text_and_their_successors(count: int, step: int) -> None:
    x, y = Batches(_text(count), 5, seed=2, context=8).at(step)
    assert x.shape == y.shape == (5, 8)
    assert torch.equal(y, x + 1), "the token after each token"
    assert torch.equal(x, x[:, :1] + torch.arange(8))
    assert int(y.max()) < count


def test_text_windows_reach_both_ends() -> None:
    batches = Batches(_text(12), 8, seed=0, context=4)
    starts = {int(s) for step in range(40) for s in batches.at(step)[0][:, 0]}
    assert starts == set(range(8))


def test_a_text_shorter_than_a_sample_is_an_error_of_the_user() -> None:
    with pytest.raises(UserError) as caught:
        Batches(_text(8), 4, 0, context=8)
    assert caught.value.where == "data.context"
    assert caught.value.allowed == "at most 7"
    Batches(_text(9), 4, 0, context=8)


@given(count=st.integers(2, 60), size=st.integers(1, 9), context=st.integers(1, 12))
@settings(max_examples=80)
def test_evaluation_of_text_predicts_every_token_but_the_first_once(
    count: int, size: int, context: int
) -> None:
    pairs = list(evaluation(_text(count), size, context))
    assert torch.equal(torch.cat([y.flatten() for _, y in pairs]), torch.arange(1, count))
    assert torch.equal(torch.cat([x.flatten() for x, _ in pairs]), torch.arange(count - 1))
    assert all(x.shape[0] <= size and x.shape[1] <= context for x, _ in pairs)


def test_generators_of_different_keys_have_nothing_in_common() -> None:
    draws = {
        tuple(torch.randint(10**9, (3,), generator=generator(*keys)).tolist())
        for keys in ((0, 1), (1, 0), (0, 0), (1, 1), (11,), (1, 1, 0))
    }
    assert len(draws) == 6
