"""The loss over the learning rate, as a range test finds it: decades, and marks where to stand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

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
    runs: Sequence[tuple[float, float]] = (),
) -> Figure:
    """Losses and their running mean over ``lrs``; ``marks`` are rates by name, ``rates`` the ends
    of the test, ``runs`` the rates and losses of short runs. Where one of the marks is ``chosen``,
    it alone has a guide."""
    mean, tried = floats(smooth), sorted(runs)
    lines = [Line("loss", lrs, losses), Line("mean", lrs, mean, colour=1)]
    if tried:
        ends = [loss for _, loss in tried]
        lines.append(Line("short runs", [lr for lr, _ in tried], ends, colour=2))
    return Figure(
        title,
        tuple(lines),
        tuple(
            Mark(lr, "command" if chosen in ("", name) else "note", name)
            for name, lr in marks.items()
        ),
        x_label="rate",
        x_range=rates,
        x_scale="log",
        y_range=_seen(floats(losses), mean, min((loss for _, loss in tried), default=math.inf)),
        empty=empty,
    )


def _seen(losses: Floats, mean: Floats, lowest: float) -> Range | None:
    """The limits of the losses that a choice is made by; ``lowest`` is among them."""
    if not np.isfinite(mean).any():
        return None
    least = int(np.nanargmin(mean))
    before = np.concatenate((losses[: least + 1], mean[: least + 1]))
    before = before[np.isfinite(before)]
    low, high = min(float(np.nanmin(before)), lowest), float(np.nanmax(before))
    fall = high - low
    return (low - 0.05 * fall, high + ROOM * fall) if fall > 0 else None
