"""N-gram baselines against counting by hand."""

from __future__ import annotations

from collections import Counter
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuiwb.data.ngrams import _codes, ngram_losses


def _by_hand(train: list[int], val: list[int], vocabulary: int) -> dict[str, float]:
    """Witten-Bell as its formula stands, one token at a time."""
    unigrams = Counter(train)

    def p(token: int, history: tuple[int, ...]) -> float:
        if not history:
            return (unigrams[token] + 1) / (len(train) + vocabulary)
        size = len(history)
        after = [
            train[i + size]
            for i in range(len(train) - size)
            if tuple(train[i : i + size]) == history
        ]
        shorter = p(token, history[1:])
        if not after:
            return shorter
        distinct = len(set(after))
        return (after.count(token) + distinct * shorter) / (len(after) + distinct)

    text = train[-2:] + val
    losses = {"uniform guess": log(vocabulary)}
    for size, name in enumerate(("unigram", "bigram", "trigram")):
        losses[name] = -sum(
            log(p(text[i], tuple(text[i - size : i]))) for i in range(2, len(text))
        ) / len(val)
    return losses


@given(
    train=st.lists(st.integers(0, 4), min_size=4, max_size=60),
    val=st.lists(st.integers(0, 4), min_size=1, max_size=20),
)
@settings(max_examples=60)
def test_equals_counting_by_hand(train: list[int], val: list[int]) -> None:
    found = ngram_losses(np.array(train), np.array(val), 5)
    assert found == pytest.approx(_by_hand(train, val, 5))


def test_probabilities_add_up_to_one() -> None:
    """Over every possible next token, exp(-loss) sums to 1 for each order."""
    train = np.random.default_rng(0).integers(0, 6, 200)
    # the two tokens of history come from the end of train, so each val is one token
    losses = [ngram_losses(train, np.array([token]), 6) for token in range(6)]
    for name in ("unigram", "bigram", "trigram"):
        assert sum(np.exp(-loss[name]) for loss in losses) == pytest.approx(1)


def test_longer_histories_help_on_text_that_repeats() -> None:
    text = np.tile([0, 1, 0, 2], 100)
    losses = ngram_losses(text[:300], text[300:], 3)
    assert losses["trigram"] < losses["bigram"] < losses["unigram"] < losses["uniform guess"]


def test_a_vocabulary_too_large_for_a_table_has_no_trigram() -> None:
    losses = ngram_losses(np.arange(500), np.arange(20), 500)
    assert list(losses) == ["uniform guess", "unigram", "bigram"]


def test_codes_are_numbers_in_base_v() -> None:
    assert _codes(np.array([1, 2, 3, 4]), 2, 10).tolist() == [12, 23, 34]
    assert _codes(np.array([1, 2, 3, 4]), 3, 10).tolist() == [123, 234]
