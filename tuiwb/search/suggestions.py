"""What a learning-rate range test suggests: four readings of one curve, each with its reason.

`valley` is Sylvain Gugger's and ESRI's longest-valley rule, `steep` the steepest fall (Smith 2017),
`minimum` a tenth of the rate with the least loss (Howard & Gugger, fastai v1), `slide` Novetta's
interval slide rule: a window that slides down from the highest rate until its ends slope alike.

How much is smoothed and how far down the valley is the best place was set on the measured curves of
the catalogue (``python -m tests.benchmarks.lr_find``), once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

HALF_LIFE = 0.3
"""Decades of learning rate in which the weight of a loss halves."""
WAY = 0.8
"""Share of the way down the longest fall at which `valley` stands."""
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
    """The running mean of the losses so far, of which an older one counts half as much after every
    `HALF_LIFE` decades.

    It lags, and is meant to: a loss is the outcome of all smaller rates as well, and a curve that
    lags falls on for a while where the loss itself begins to tremble.
    """
    values = np.asarray(losses, float)
    if len(values) < 2:
        return values
    keep = 0.5 ** (_per_step(lrs) / HALF_LIFE)
    means, mean, weight = np.empty_like(values), 0.0, 0.0
    for at, value in enumerate(values):
        mean, weight = keep * mean + (1 - keep) * value, keep * weight + 1 - keep
        means[at] = mean / weight
    return means


def _per_step(lrs: Sequence[float] | Values) -> float:
    """Decades from one rate to the next."""
    rates = np.asarray(lrs, float)
    return max(float(np.log10(rates[-1] / rates[0])) / (len(rates) - 1), 1e-9)


def suggestions(lrs: Sequence[float], losses: Sequence[float | None]) -> list[Suggestion]:
    """Every rule's choice, `valley` first; none of a curve that is too short or never falls."""
    rates, values = finite(lrs, losses)
    if len(values) < FEWEST or not falls(values):
        return []
    curve = smoothed(rates.tolist(), values.tolist())
    found = []
    for name, (rule, words) in RULES.items():
        at = rule(rates, curve)
        if at is not None:
            lr = float(rates[at]) / (10.0 if name == "minimum" else 1.0)
            found.append(Suggestion(name, lr, float(np.interp(lr, rates, curve)), words))
    return found


def finite(lrs: Sequence[float], losses: Sequence[float | None]) -> tuple[Values, Values]:
    """Rates and losses where the loss is a number."""
    rates, values = np.asarray(lrs, float), np.asarray(losses, float)
    return rates[np.isfinite(values)], values[np.isfinite(values)]


def falls(values: Values) -> bool:
    """Whether the losses come down by more than they tremble from one step to the next."""
    first = max(2, len(values) // 8)
    window = np.ones(first) / first
    means = np.convolve(values, window, "valid")
    trembling = float(np.median(np.abs(np.diff(values[: 3 * first])))) / 0.954  # of a normal law
    return bool(means[0] - means.min() > max(trembling, 1e-3 * abs(means[0])))


def valley(rates: Values, curve: Values) -> int | None:
    """`WAY` down the longest run of points each lower than the one before, others left out."""
    length, first = np.ones(len(curve), int), np.arange(len(curve))
    for i in range(1, len(curve)):
        lower = np.flatnonzero(curve[:i] > curve[i])[::-1]  # of equal runs, the one begun last
        if len(lower):
            before = lower[length[lower].argmax()]
            length[i], first[i] = length[before] + 1, first[before]
    end = int(length.argmax())
    return int(first[end] + (end - first[end]) * WAY)


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
    stretch = round(STRETCH / _per_step(rates))
    left = len(curve) - 1 - stretch
    while left > 0 and abs(slope[left + stretch] - slope[left]) > SAME_SLOPE:
        left -= 1
    return left if left > 0 else None


Rule = Callable[[Values, Values], int | None]
RULES: dict[str, tuple[Rule, str]] = {
    "valley": (valley, "four fifths down the longest fall"),
    "steep": (steep, "where the loss falls fastest"),
    "minimum": (minimum, "a tenth of the rate with the least loss"),
    "slide": (slide, "a decade before the slope last changes"),
}
