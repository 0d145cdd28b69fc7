"""Whether a run has stopped getting better although there is something left to learn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tuiwb.doctor import pace
from tuiwb.doctor.course import (
    SPAN,
    beginning,
    falls,
    losses,
    smooth_spans,
    smoothed_best,
    solved,
)
from tuiwb.doctor.schedule import at_height
from tuiwb.doctor.window import Window, once

SPANS = 10
"""Of `SPAN` steps in which nothing is gained."""
EVALUATIONS = 10
"""Nothing gained in them either, where there are as many."""
LATEST, RECORD = 2, 1e-3
"""Evaluations whose best is a record, where it is better by this share than any before."""
GAIN = 0.01
"""Of the best smoothed loss."""
ERRORS = 3.0
"""Standard errors of a span's median: the least of ten is below the rest by chance."""
HIGHEST = 0.8
"""Of the stretch's highest span: below it, the loss is coming down from there."""
CREEP = 0.003
"""Of the loss: what is gained from one half of the stretch to the other is next to nothing."""


class Flat(NamedTuple):
    """A stretch without gain."""

    since: int
    """Step."""
    loss: float
    """Smoothed training loss at the end."""
    best: float
    """The lowest before the stretch."""
    began: float
    """What the loss began with."""
    val_loss: float
    """Median of the last three evaluations; NaN where there are none."""


@once
def flat(window: Window) -> Flat | None:
    """The last ten spans (and evaluations), where they have gained less than 1 % on what came
    before, at full learning rate, with updates of ordinary size, far from solved; else None."""
    rows = losses(window)
    smooth = smooth_spans(window)
    if len(smooth) <= SPANS or not np.isfinite(smooth.median).all():
        return None
    recent = smooth.median[-SPANS:]
    best = smoothed_best(window, smooth.median[:-SPANS])
    before = float(smooth.median[:-SPANS].min())
    loss, began = float(np.median(smooth.median[-3:])), beginning(window)
    since = int(smooth.first[-SPANS])
    chance = ERRORS * 1.25 * float(np.nanmedian(smooth.spread)) / np.sqrt(SPAN)
    least = max(GAIN * before, chance)
    if best <= 0 or not began > 0 or recent.min() < before - least:
        return None
    if loss < HIGHEST * recent.max():
        return None
    early, late = (float(h.mean()) for h in np.split(rows.loss[-SPANS * SPAN :], 2))
    creeps = early - late < CREEP * abs(early)
    if falls(rows.loss[-SPANS * SPAN :]) and not creeps:
        return None
    if solved(window, loss) or not at_height(window, since):
        return None
    val = window.evaluated("val_loss")
    val = val[np.isfinite(val)]
    stretch = min(EVALUATIONS, len(val) // 2)
    if stretch and val[-stretch:].min() < (1 - GAIN) * val[:-stretch].min():
        return None
    # of a loss that cannot come near zero, a little is much: it still sets records
    if len(val) > LATEST and val[-LATEST:].min() < (1 - RECORD) * val[:-LATEST].min():
        return None
    moved = pace.typical(window)[-5:]
    if len(moved) and not pace.LEAST < float(np.median(moved)) < pace.MOST:
        return None
    return Flat(
        since, loss, min(best, before), began, float(np.median(val[-3:])) if len(val) else np.nan
    )
