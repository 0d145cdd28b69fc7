"""What a learning-rate range test suggests: four readings of one curve, each with its reason.

`valley` is Sylvain Gugger's and ESRI's longest-valley rule, `steep` the steepest fall (Smith 2017),
`minimum` a tenth of the rate with the least loss (Howard & Gugger, fastai v1), `slide` Novetta's
interval slide rule: a window that slides down from the highest rate until its ends slope alike.

How much is smoothed and how far down the valley is the best place was set on the measured curves of
the catalogue (``python -m tests.benchmarks.lr_find``), once for all of them. No place on the curve
is right for all networks: where short runs were made as well, `valley` is where they end lowest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tuiwb.base import short_runs
from tuiwb.base import valley as base
from tuiwb.base.short_runs import ShortRun

Values = npt.NDArray[np.float64]

SETTLING = 10
"""One in so many points, the first, is no candidate for the least or the steepest: a mean of few
losses trembles as they do."""
FEWEST = 8
"""Points below which a curve says nothing."""
STRETCH = 1.0
"""Decades over which `slide` compares slopes."""
SAME_SLOPE = 0.5
"""Difference of slopes, in losses' spread a decade, up to which `slide` calls them the same."""


@dataclass(frozen=True)
class Suggestion:
    """One rule's choice."""

    name: str
    lr: float
    loss: float
    """The smoothed loss there."""
    words: str


def smoothed(lrs: Sequence[float], losses: Sequence[float]) -> Values:
    """The running mean of the losses, as `base.valley` has it."""
    return np.asarray(base.smoothed(lrs, losses), float)


def suggestions(
    lrs: Sequence[float], losses: Sequence[float | None], runs: Sequence[ShortRun] = ()
) -> list[Suggestion]:
    """Every rule's choice, `valley` first; none of a curve that is too short or never falls."""
    rates, values = finite(lrs, losses)
    bottom = settled(runs)
    if len(values) < FEWEST or not base.falls(values.tolist()):
        return [bottom] if bottom is not None and _learned(bottom.loss, values) else []
    curve = smoothed(rates.tolist(), values.tolist())
    found = []
    for name, (rule, words) in RULES.items():
        at = rule(rates, curve)
        if at is not None:
            lr = float(rates[at]) / (10.0 if name == "minimum" else 1.0)
            found.append(Suggestion(name, lr, float(np.interp(lr, rates, curve)), words))
    if bottom is not None:
        found = [bottom if one.name == bottom.name else one for one in found]
    return found


def settled(runs: Sequence[ShortRun]) -> Suggestion | None:
    """`valley` by short runs: the rate of the one that settles it, or of the parabola through that
    one and its neighbours; None where no run kept its loss."""
    best = short_runs.settled(runs)
    if best is None:
        return None
    known = sorted((run for run in runs if np.isfinite(run.loss)), key=lambda run: run.lr)
    lr, at = best.lr, known.index(best)
    if 0 < at < len(known) - 1:
        below, above = known[at - 1], known[at + 1]
        bend = below.loss - 2 * best.loss + above.loss
        shift = 0.5 * (below.loss - above.loss) / bend if bend > 0 else 0.0
        shift = min(max(shift, -0.5), 0.5)  # half the way: one above may lie lower by chance
        lr *= (above.lr / lr if shift > 0 else lr / below.lr) ** shift
    tied = any(run.loss < best.loss for run in known)
    return Suggestion("valley", lr, best.loss, TIED if tied else SETTLED)


def finite(lrs: Sequence[float], losses: Sequence[float | None]) -> tuple[Values, Values]:
    """Rates and losses where the loss is a number."""
    rates, values = np.asarray(lrs, float), np.asarray(losses, float)
    return rates[np.isfinite(values)], values[np.isfinite(values)]


def _learned(loss: float, values: Values) -> bool:
    """Whether a short run ended below where the curve begins, by more than losses tremble."""
    begun = values[:FEWEST].tolist()
    return bool(begun) and loss < np.mean(begun) - base.trembling(values.tolist())


def valley(rates: Values, curve: Values) -> int | None:
    """Most of the way down the longest fall."""
    return base.valley(curve.tolist())


def steep(rates: Values, curve: Values) -> int | None:
    """Where the loss falls fastest."""
    settled, least = len(curve) // SETTLING, minimum(rates, curve)
    if least < settled + 2:
        return None
    return settled + int(np.gradient(curve, np.log10(rates))[settled : least + 1].argmin())


def minimum(rates: Values, curve: Values) -> int:
    """Where the loss is least."""
    settled = len(curve) // SETTLING
    return settled + int(curve[settled:].argmin())


def slide(rates: Values, curve: Values) -> int | None:
    """The left end of the last stretch, seen from the right, whose ends have the same slope."""
    slope = np.gradient(curve, np.log10(rates)) / (float(np.ptp(curve)) or 1.0)
    stretch = round(STRETCH / base.per_step(rates.tolist()))
    left = len(curve) - 1 - stretch
    while left > 0 and abs(slope[left + stretch] - slope[left]) > SAME_SLOPE:
        left -= 1
    return left if left > 0 else None


SETTLED = "where short runs end lowest"
TIED = "the lowest rate as good in short runs"
Rule = Callable[[Values, Values], int | None]
RULES: dict[str, tuple[Rule, str]] = {
    "valley": (valley, "four fifths down the longest fall"),
    "steep": (steep, "where the loss falls fastest"),
    "minimum": (minimum, "a tenth of the rate with the least loss"),
    "slide": (slide, "a decade before the slope last changes"),
}
