"""The loss over the learning rate, as a range test finds it: decades, and marks where to stand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tuiwb.plots.figure import Figure, Line, Mark, Range, Values
from tuiwb.plots.scales import Floats, floats

ROOM = 0.6
"""How far above the highest loss before the least one the axis goes on, as a share of the fall:
losses that explode would flatten everything else."""


def range_figure(
    title: str,
    lrs: Values,
    losses: Values,
    smooth: Values,
    marks: Mapping[str, float],
    rates: Range,
    empty: str = "no loss yet",
    chosen: str = "",
) -> Figure:
    """Losses and their running mean over ``lrs``; ``marks`` are rates by name, ``rates`` the ends
    of the test. Where one of the marks is ``chosen``, it alone has a guide."""
    mean = floats(smooth)
    return Figure(
        title,
        (Line("loss", lrs, losses), Line("mean", lrs, mean, colour=1)),
        tuple(
            Mark(lr, "command" if chosen in ("", name) else "note", name)
            for name, lr in marks.items()
        ),
        x_label="rate",
        x_range=rates,
        x_scale="log",
        y_range=_seen(floats(losses), mean),
        empty=empty,
    )


def _seen(losses: Floats, mean: Floats) -> Range | None:
    """The limits of the losses that a choice is made by."""
    if not np.isfinite(mean).any():
        return None
    least = int(np.nanargmin(mean))
    before = np.concatenate((losses[: least + 1], mean[: least + 1]))
    before = before[np.isfinite(before)]
    low, high = float(np.nanmin(before)), float(np.nanmax(before))
    fall = high - low
    return (low - 0.05 * fall, high + ROOM * fall) if fall > 0 else None
