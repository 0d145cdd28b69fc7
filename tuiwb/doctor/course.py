"""The course of the loss: which rows compare, smoothed in spans, and whether its task is done.

What it has come to within one window, as rules on layers ask it, is in `tuiwb.doctor.outcome`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tuiwb.doctor import outcome
from tuiwb.doctor.window import Array, Window, once

SPAN = 50
"""Steps in one smoothed value: the median of a span is deaf to single spikes."""
NO_DISTANCE = frozenset({"adversarial", "energy", "perceptron"})
"""Tasks whose loss is no distance to anything: its rise and fall say nothing of how good it is."""
GUESSES = ("uniform guess", "training mean", "mean sample", "as it came", "class shares")
"""Baselines that read nothing from the inputs, or leave them as they are."""
SOLVED = 0.1
"""Share of what a run began with, or of what a guess costs, below which its task counts as done."""


class Losses(NamedTuple):
    """Rows of the steps whose losses can be compared with each other."""

    step: Array
    loss: Array

    def __len__(self) -> int:
        return len(self.loss)


class Spans(NamedTuple):
    """The loss in spans of `SPAN` rows that end at the last row, oldest first."""

    median: Array
    spread: Array
    """Robust standard deviation within each span."""
    first: Array
    """Step of each span's first row."""

    def __len__(self) -> int:
        return len(self.median)


@once
def staged(window: Window) -> bool:
    """Whether the run changes its loss on the way: then the first and the best say nothing."""
    return not np.isnan(window.column("stage")).all()


@once
def losses(window: Window) -> Losses:
    """The rows that one judgement may go by: of a task that changes its loss on the way (part
    ``stage``), those of the last stage; none where the loss is no distance."""
    if window.facts.task in NO_DISTANCE or not len(window):
        return Losses(np.empty(0), np.empty(0))
    begins = 0
    if staged(window):
        stage = window.column("stage")
        other = np.flatnonzero(stage != stage[-1])
        begins = int(other[-1]) + 1 if len(other) else 0
    return Losses(window.step[begins:], window.loss[begins:])


def spans(rows: Losses, size: int = SPAN) -> Spans:
    """Medians and spreads of spans; those that hold a value that is not finite have NaN."""
    count = len(rows) // size
    block = rows.loss[len(rows) - count * size :].reshape(count, size)
    block = np.where(np.isfinite(block), block, np.nan)
    median = np.median(block, axis=1)
    # twice the distance to the nearer quartile would do for one tail; losses have a long upper one
    low, high = (np.quantile(block, q, axis=1) for q in (0.25, 0.75))
    return Spans(median, (high - low) / 1.349, rows.step[len(rows) - count * size :][::size])


@once
def smooth_spans(window: Window) -> Spans:
    """`spans` of the rows that one judgement may go by."""
    return spans(losses(window))


def smoothed_best(window: Window, before: Array) -> float:
    """The lowest smoothed loss: of ``before``, and of the run where its loss never changed."""
    finite = before[np.isfinite(before)]
    best = float(finite.min()) if len(finite) else np.inf
    if staged(window):
        return best
    return min(best, window.best_loss) if np.isfinite(window.best_loss) else best


def falls(loss: Array) -> bool:
    """Whether the later half of ``loss`` lies below the earlier one by more than chance."""
    half = len(loss) // 2
    if half < 10:
        return False
    early, late = loss[:half], loss[-half:]
    # neighbours are not quite independent of each other: count half of them
    error = np.sqrt((early.var() + late.var()) / (half / 2))
    return bool(early.mean() - late.mean() > 3 * error)


def guess(window: Window) -> float:
    """Loss of an answer that reads nothing from the inputs; NaN where none is known."""
    facts = window.facts
    for name in GUESSES:
        if np.isfinite(facts.baselines.get(name, np.nan)):
            return float(facts.baselines[name])
    return outcome.guess(facts)


@once
def beginning(window: Window) -> float:
    """What the loss comes from: its first value, or a guess's where that is less (a bad beginning
    is no measure of what there is to learn); NaN where neither is known or positive."""
    known = [v for v in (window.first_loss, guess(window)) if np.isfinite(v) and v > 0]
    return min(known) if known else float("nan")


def solved(window: Window, loss: float) -> bool:
    """Whether there is little left to learn at a smoothed training loss of ``loss``: it is a tenth
    of where it began, or it has come to the best that is known of this data, on either part."""
    if loss <= SOLVED * beginning(window):
        return True
    accuracy = _recent(window.evaluated("val_accuracy"))
    if accuracy >= 0.95:
        return True
    known = [v for name, v in window.facts.baselines.items() if name not in GUESSES]
    val = _recent(window.evaluated("val_loss"))
    return bool(known) and (val <= 1.05 * min(known) or loss <= min(known))


def _recent(values: Array) -> float:
    """Median of the last three evaluations; NaN, which compares with nothing, where there is
    none."""
    taken = values[np.isfinite(values)][-3:]
    return float(np.median(taken)) if len(taken) else float("nan")
