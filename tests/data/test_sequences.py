"""Generated sequences are what they say they are, and their baselines are worked out rightly."""

from __future__ import annotations

import datetime
from math import log

import numpy as np
import pytest
import torch

from tests.contracts.making import knobs, module
from tuiwb.data.dataset import Dataset
from tuiwb.data.dates import written


def _load(name: str, **values: object) -> Dataset:
    loaded = module("data", name).load(knobs("data", name, **values))
    assert isinstance(loaded, Dataset)
    return loaded


@pytest.mark.parametrize("length", [2, 3, 30])
def test_adding_asks_for_the_sum_of_the_two_marked(length: int) -> None:
    data = _load("adding", length=length, samples=500)
    series, targets = data.train.inputs, data.train.targets
    assert targets is not None
    numbers, marks = series.unbind(-1)
    assert (marks.sum(1) == 2).all()
    assert (marks[:, : length // 2].sum(1) == 1).all(), "one mark in each half"
    torch.testing.assert_close((numbers * marks).sum(1, keepdim=True), targets)


def test_answering_one_to_every_sum_costs_a_sixth() -> None:
    data = _load("adding")
    assert data.train.targets is not None
    always = float((data.train.targets - 1).square().mean())
    assert always == pytest.approx(1 / 6, rel=0.03)
    assert data.baselines["training mean"] == pytest.approx(1 / 6, rel=0.1)


def test_copy_memory_gives_the_symbols_back_in_their_order() -> None:
    data = _load("copy-memory", symbols=4, gap=6, samples=100)
    inputs, targets = data.train.inputs, data.train.targets
    assert targets is not None and inputs.shape[1] == 4 + 6 + 4
    assert torch.equal(inputs[:, :4], targets[:, -4:])
    assert not targets[:, :-4].any() and not inputs[:, 10:].any()
    assert (inputs[:, 9] == 9).all(), "the sign stands one place before the answer"


def test_the_no_memory_loss_is_arjovskys() -> None:
    data = _load("copy-memory", symbols=5, gap=5)
    assert data.baselines["no memory"] == pytest.approx(5 * log(8) / 15)
    assert data.baselines["position shares"] == pytest.approx(5 * log(8) / 15, abs=0.01)


def test_rearranged_digits_are_the_same_digits() -> None:
    expected = {
        "copy": lambda x: x,
        "reverse": lambda x: x.flip(1),
        "sort": lambda x: x.sort(1).values,
        "sum": lambda x: x.cumsum(1) % 10,
    }
    for operation, rule in expected.items():
        data = _load("rearrange", operation=operation, samples=200)
        assert data.val.targets is not None
        assert torch.equal(data.val.targets, rule(data.val.inputs))


def test_places_of_sorted_digits_are_easier_than_a_guess() -> None:
    sort, reverse = (
        _load("rearrange", operation=operation).baselines for operation in ("sort", "reverse")
    )
    assert sort["position shares"] < 0.8 * sort["uniform guess"]
    assert reverse["position shares"] == pytest.approx(log(10), abs=0.01)


def test_a_season_without_noise_repeats() -> None:
    data = _load("seasons", noise=0.0, seen=14, horizon=7, samples=300)
    series, ahead = data.train.inputs[..., 0], data.train.targets
    assert ahead is not None
    drift = ahead - series[:, 7:]
    torch.testing.assert_close(drift, drift[:, :1].expand_as(drift), rtol=0, atol=1e-5)
    assert data.baselines["least squares"] < 1e-8


def test_noise_is_as_strong_as_asked_for() -> None:
    clean, noisy = (_load("seasons", shape="sines", noise=n).train.inputs for n in (0.0, 0.4))
    assert float((noisy - clean).std()) == pytest.approx(0.4, rel=0.02)


@pytest.mark.parametrize(
    ("way", "text"),
    list(
        enumerate(
            (
                "5 March 2021",
                "March 5, 2021",
                "5 Mar 2021",
                "Friday, March 5, 2021",
                "05/03/2021",
                "5.3.21",
            )
        )
    ),
)
def test_six_ways_to_write_a_date(way: int, text: str) -> None:
    assert written(datetime.date(2021, 3, 5), way) == text


def test_dates_and_their_answers_are_the_same_days() -> None:
    data = _load("dates", samples=300)
    assert data.val.targets is not None and data.signature.answer == 10
    for source, target in zip(data.val.inputs, data.val.targets, strict=True):
        iso = "".join(data.vocabulary[t] for t in target)
        read = "".join(data.vocabulary[t] for t in source).lstrip("_")
        assert read in [written(datetime.date.fromisoformat(iso), way) for way in range(6)]


def test_words_are_in_order_of_their_frequency_with_the_rare_ones_last() -> None:
    data = _load("pydoc-words")
    assert data.vocabulary[-1] == "<rare>" and "the" in data.vocabulary[:10]
    counts = np.bincount(torch.cat((data.train.inputs, data.val.inputs)).numpy())
    assert (np.diff(counts[:-1]) <= 0).all() and counts[:-1].min() >= 2
    everything = _load("pydoc-words", min_count=1)
    assert "<rare>" not in everything.vocabulary
    assert data.baselines["bigram"] < data.baselines["unigram"]


def test_words_keep_their_underscores_and_lose_their_capitals() -> None:
    words = _load("pydoc-words").vocabulary
    assert "__init__" in words and "(" in words
    assert all(word == word.lower() for word in words)
