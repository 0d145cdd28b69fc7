"""When the figures of the last steps are told."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tuiwb.engine.telling import LATEST, LOT, SOONEST, Telling


def told(seconds: float, steps: int) -> list[int]:
    """The steps at which a lot is told, of ``steps`` that take ``seconds`` each."""
    telling = Telling()
    return [step for step in range(1, steps + 1) if telling.due(step, 100.0 + step * seconds)]


@pytest.mark.parametrize("seconds", [1e-4, 1e-3, 3e-3, 1e-2, 5e-2, 1.0])
def test_a_lot_is_neither_too_small_nor_too_late(seconds: float) -> None:
    steps = told(seconds, 2000)
    assert steps[0] == 1
    lots = [b - a for a, b in pairwise(steps)]
    for lot in lots:
        assert lot * seconds >= SOONEST - 1e-9
        assert lot >= LOT or lot * seconds >= LATEST - 1e-9
        assert (lot - 1) * seconds < LATEST + 1e-6
