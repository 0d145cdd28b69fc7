"""N-gram baselines: what counting alone reaches, in nats per token."""

from __future__ import annotations

from math import log

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int64]

LARGEST_TABLE = 8_000_000
"""Cells of a dense count table (64 MB); a vocabulary too large for it has no trigram baseline."""


def ngram_losses(train: Tokens, val: Tokens, vocabulary: int) -> dict[str, float]:
    """Mean ``-ln p`` per token of ``val`` under counts of ``train``, by name.

    ``uniform guess`` is ln V. ``unigram`` is smoothed by adding one to each count. ``bigram`` and
    ``trigram`` back off to the next shorter one by Witten-Bell interpolation (1991):
    p(t | h) = (n(h, t) + d(h) p(t | shorter h)) / (n(h) + d(h)), where d(h) is the number of
    distinct tokens seen after h. The first tokens of ``val``, which have no full history in it,
    take theirs from the end of ``train``, so that every token of ``val`` is counted in each.
    """
    losses = {"uniform guess": log(vocabulary)}
    text = np.concatenate((train[-2:], val))
    targets = text[-len(val) :]
    counts = np.bincount(train, minlength=vocabulary) + 1
    p = (counts / counts.sum())[targets]
    losses["unigram"] = _nats(p)
    for order, name in ((2, "bigram"), (3, "trigram")):
        if vocabulary**order > LARGEST_TABLE or len(train) < order:
            break
        table = np.bincount(_codes(train, order, vocabulary), minlength=vocabulary**order)
        table = table.reshape(-1, vocabulary)
        after, distinct = table.sum(1), np.count_nonzero(table, axis=1)
        codes = _codes(text, order, vocabulary)[-len(val) :]
        history = codes // vocabulary
        n, d = after[history], distinct[history]
        seen = n > 0  # an unseen history says nothing: the shorter one decides alone
        p = np.where(seen, (table.ravel()[codes] + d * p) / np.maximum(n + d, 1), p)
        losses[name] = _nats(p)
    return losses


def _codes(tokens: Tokens, order: int, vocabulary: int) -> Tokens:
    """Each run of ``order`` tokens as one number, the last token its lowest digit."""
    codes = np.zeros(len(tokens) - order + 1, dtype=np.int64)
    for place in range(order):
        codes = codes * vocabulary + tokens[place : len(tokens) - order + 1 + place]
    return codes


def _nats(p: NDArray[np.float64]) -> float:
    return float(-np.log(p).mean())
