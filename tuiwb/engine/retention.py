"""Which checkpoints of a run are kept when there is no room for all. Pure.

The first, the best and the newest are always kept. Beside them the room goes first to pinned ones
(taken before an intervention or a finding), to half of it at most, and then to those that leave the
smallest gaps for their age: the newest lie densely, older ones ever farther apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST = 200
"""Checkpoints that a run keeps, however small they are: a folder that a person can still read."""
PINNED = 0.5
"""Share of the room that pinned ones may take before they are thinned out like any other."""


@dataclass(frozen=True)
class Kept:
    """A checkpoint on disk, and what speaks for it."""

    step: int
    bytes: int
    best: bool = False
    """Whether it was the best so far when it was taken."""
    pinned: bool = False


def superfluous(kept: Sequence[Kept], space: int, most: int = MOST) -> list[int]:
    """The steps of ``kept`` to delete, in order, so that what is left takes at most ``space`` bytes
    and counts at most ``most``, or is nothing but the first, the best and the newest."""
    left = sorted(kept, key=lambda one: one.step)
    always = essential(left)
    ends = left[:1] + left[-1:]
    pins = [one for one in left if one.pinned and one not in ends]
    while over(pins, PINNED * space, PINNED * most):
        pins.remove(_least(ends[:1] + pins + ends[1:], pins))
    dropped = []
    while over(left, space, most):
        others = [one for one in left if one.step not in always]
        ordinary = [one for one in others if one not in pins]
        if not others:
            break
        out = _least(left, ordinary or others)
        left.remove(out)
        dropped.append(out.step)
    return sorted(dropped)


def over(kept: Sequence[Kept], space: float, most: float) -> bool:
    """Whether these take more than ``space`` bytes, or are more than ``most``."""
    return sum(one.bytes for one in kept) > space or len(kept) > most


def essential(kept: Sequence[Kept]) -> set[int]:
    """The steps of the first, of the newest, and of the last that was the best."""
    steps = sorted(one.step for one in kept)
    best = sorted(one.step for one in kept if one.best)
    return {*steps[:1], *steps[-1:], *best[-1:]}


def _least(kept: Sequence[Kept], among: Sequence[Kept]) -> Kept:
    """The one of ``among`` without which the gap would be smallest for its age. ``kept`` is in
    order of steps, and its ends are not asked about."""
    newest = kept[-1].step
    gaps = {
        one.step: (after.step - before.step) / (newest - one.step)
        for before, one, after in zip(kept, kept[1:], kept[2:], strict=False)
    }
    return min(among, key=lambda one: gaps[one.step])
