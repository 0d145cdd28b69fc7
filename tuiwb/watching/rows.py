"""A step's figures on their way: what was known at once, and what comes back from the device."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tuiwb.engine.interfaces import StepRow


class Note(NamedTuple):
    """What the host knew when a step's figures set out from the device."""

    step: int
    time: float
    lr: float
    samples_per_s: float
    wait_s: float
    names: tuple[str, ...]
    """Of the figures that come back from the device; what follows them are gradient norms."""
    known: dict[str, float]
    """Figures that were numbers already."""
    scaled: bool
    """Whether a loss scale was on the gradients: an overflow there is the scaler's search."""


def row_of(note: Note, loss: float, norms: Sequence[float]) -> StepRow:
    """The row of the steps' table."""
    lost = not math.isfinite(loss)
    wrong = sum(not math.isfinite(norm) for norm in norms)
    total = math.hypot(*norms) if norms else math.nan
    if wrong and note.scaled:
        wrong, total = 0, math.nan
    return StepRow(
        note.step, note.time, loss, note.lr, total, False, wrong + lost,
        note.samples_per_s, note.wait_s,
    )  # fmt: skip
