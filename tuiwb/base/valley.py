"""The longest fall of a loss over the learning rate: where the worker makes its short runs, and
where a reader of the curve puts its mark. Sylvain Gugger's and ESRI's rule, as fastai has it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median

HALF_LIFE = 0.3
"""Decades of learning rate in which the weight of a loss halves."""
WAY = 0.8
"""Share of the way down the longest fall at which the valley stands."""
NORMAL = 0.954
"""The median of how far two of one normal law lie apart, in its spreads."""


def falls(losses: Sequence[float]) -> bool:
    """Whether the losses come down by more than they tremble from one step to the next."""
    span = _beginning(losses)
    means = [fmean(losses[at : at + span]) for at in range(len(losses) - span + 1)]
    return means[0] - min(means) > trembling(losses)


def trembling(losses: Sequence[float]) -> float:
    """By how much losses differ from one step to the next while nothing is learned yet."""
    first = losses[: 3 * _beginning(losses)]
    apart = [abs(after - before) for before, after in pairwise(first)]
    least = 1e-3 * abs(fmean(losses[: _beginning(losses)]))
    return max(median(apart) / NORMAL if apart else 0.0, least)


def _beginning(losses: Sequence[float]) -> int:
    """Points in which hardly anything is learned."""
    return max(2, len(losses) // 8)


def smoothed(lrs: Sequence[float], losses: Sequence[float]) -> list[float]:
    """The running mean of the losses so far, of which an older one counts half as much after every
    `HALF_LIFE` decades.

    It lags, and is meant to: a loss is the outcome of all smaller rates as well, and a curve that
    lags falls on for a while where the loss itself begins to tremble.
    """
    if len(losses) < 2:
        return list(losses)
    keep = 0.5 ** (per_step(lrs) / HALF_LIFE)
    means, mean, weight = [], 0.0, 0.0
    for value in losses:
        mean, weight = keep * mean + (1 - keep) * value, keep * weight + 1 - keep
        means.append(mean / weight)
    return means


def per_step(lrs: Sequence[float]) -> float:
    """Decades from one rate to the next."""
    return max(math.log10(lrs[-1] / lrs[0]) / (len(lrs) - 1), 1e-9)


def valley(curve: Sequence[float]) -> int:
    """The place `WAY` down the longest run of points each lower than the one before, others left
    out; of runs that are as long, the one that is complete first."""
    ranks = {value: rank for rank, value in enumerate(sorted(set(curve), reverse=True), 1)}
    # a Fenwick tree over the ranks: the longest run, and the last of those, ending above a value
    longest = [(0, -1)] * (len(ranks) + 1)
    lengths: list[int] = []
    begun: list[int] = []
    for place, value in enumerate(curve):
        length, before, at = 0, -1, ranks[value] - 1
        while at:
            length, before = max((length, before), longest[at])
            at -= at & -at
        lengths.append(length + 1)
        begun.append(begun[before] if length else place)
        at = ranks[value]
        while at < len(longest):
            longest[at] = max(longest[at], (length + 1, place))
            at += at & -at
    end = max(range(len(curve)), key=lengths.__getitem__)
    return int(begun[end] + (end - begun[end]) * WAY)
