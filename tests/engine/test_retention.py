"""What is kept of a run's checkpoints, whatever they are."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.engine.retention import PINNED, Kept, essential, over, superfluous

checkpoints = st.lists(
    st.builds(
        Kept,
        step=st.integers(1, 10_000),
        bytes=st.integers(0, 1000),
        best=st.booleans(),
        pinned=st.booleans(),
    ),
    max_size=30,
    unique_by=lambda one: one.step,
)
spaces = st.integers(0, 12_000)
mosts = st.integers(1, 30)


@given(checkpoints, spaces, mosts)
def test_the_first_the_best_and_the_newest_are_always_kept(
    kept: list[Kept], space: int, most: int
) -> None:
    dropped = superfluous(kept, space, most)
    steps = [one.step for one in kept]
    best = [one.step for one in kept if one.best]
    needed = {*sorted(steps)[:1], *sorted(steps)[-1:], *sorted(best)[-1:]}
    assert not needed & set(dropped)
    assert set(dropped) <= set(steps) and len(set(dropped)) == len(dropped)


@given(checkpoints, spaces, mosts)
def test_what_is_left_fits_unless_those_alone_do_not(
    kept: list[Kept], space: int, most: int
) -> None:
    dropped = superfluous(kept, space, most)
    left = [one for one in kept if one.step not in dropped]
    assert not over(left, space, most) or {one.step for one in left} == essential(kept)


@given(checkpoints, mosts)
def test_nothing_goes_while_there_is_room(kept: list[Kept], most: int) -> None:
    space = sum(one.bytes for one in kept)
    assert len(superfluous(kept, space, most)) == max(
        0, len(kept) - max(most, len(essential(kept)))
    )


@given(checkpoints, spaces)
def test_no_more_goes_than_has_to(kept: list[Kept], space: int) -> None:
    """With any one of those that went, it would have been too much at that moment."""
    dropped = superfluous(kept, space)
    left = [one for one in kept if one.step not in dropped]
    sizes = [one.bytes for one in kept if one.step in dropped]
    assert not sizes or sum(one.bytes for one in left) + max(sizes) > space


@given(checkpoints, spaces)
def test_pinned_ones_outlive_others(kept: list[Kept], space: int) -> None:
    pinned = [one for one in kept if one.pinned]
    if over(pinned, PINNED * space, len(kept)):
        return
    dropped = superfluous(kept, space, most=2 * len(kept) + 2)
    ordinary = {one.step for one in kept if not one.pinned} - essential(kept)
    if any(one.step in dropped for one in pinned):
        assert ordinary <= set(dropped)


def test_interventions_by_the_dozen_leave_room_for_the_others() -> None:
    kept = [Kept(step, 1, pinned=step <= 60) for step in range(1, 101)]
    dropped = superfluous(kept, 20)
    left = [one for one in kept if one.step not in dropped]
    assert len(left) == 20
    assert sum(one.pinned for one in left) >= 10 and sum(not one.pinned for one in left) >= 8


@pytest.mark.parametrize("every", [1, 7, 100])
@pytest.mark.parametrize("room", [8, 20, 50])
def test_gaps_grow_with_age_in_a_long_run(every: int, room: int) -> None:
    left: list[Kept] = []
    for number in range(1, 40 * room):
        left.append(Kept(number * every, 10))
        dropped = superfluous(left, 10 * room)
        left = [one for one in left if one.step not in dropped]
        assert len(left) <= room
        gaps = [after.step - before.step for before, after in pairwise(left)][::-1]
        # from the newest back; the oldest gap is what is left up to the first
        assert gaps[:1] == [every][: len(gaps)] and gaps[:-1] == sorted(gaps[:-1])
    assert gaps[-2] >= room / 2 * gaps[0]


def test_the_order_in_which_they_are_given_does_not_matter() -> None:
    kept = [Kept(step, 10, best=step == 50, pinned=step == 30) for step in range(10, 200, 10)]
    assert superfluous(kept, 80) == superfluous(kept[::-1], 80)
    assert {50, 30} & set(superfluous(kept, 80)) == set()
