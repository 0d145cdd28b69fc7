"""What a learning-rate range test suggests: four readings of one curve, each with its reason.

`valley` is Sylvain Gugger's and ESRI's longest-valley rule, `steep` the steepest fall (Smith 2017),
`minimum` a tenth of the rate with the least loss (Howard & Gugger, fastai v1), `slide` Novetta's
interval slide rule: the right end of the last stretch in which the slope does not change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

HALF_LIFE = 0.25
"""Decades of learning rate in which the weight of a loss halves."""
FEWEST = 8
"""Points below which a curve says nothing."""
STRETCH = 15
"""Steps over which `slide` compares slopes."""
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
    """The losses, averaged both ways over `HALF_LIFE`: no lag, so a fall stays at its rate."""
    values = np.asarray(losses, float)
    if len(values) < 2:
        return values
    decades = float(np.mean(np.diff(np.log10(np.asarray(lrs, float)))))
    width = max(HALF_LIFE / decades, 1e-9)
    steps = np.arange(len(values))
    weights = 0.5 ** (np.abs(steps[:, None] - steps[None, :]) / width)
    return np.asarray(weights @ values / weights.sum(1))


def suggestions(lrs: Sequence[float], losses: Sequence[float]) -> list[Suggestion]:
    """Every rule's choice, `valley` first; none of a curve that is too short or never falls."""
    rates, values = np.asarray(lrs, float), np.asarray(losses, float)
    whole = np.isfinite(values)
    rates, values = rates[whole], values[whole]
    if len(values) < FEWEST:
        return []
    curve = smoothed(rates, values)
    if not curve.min() < curve[0]:
        return []
    found = []
    for name, (rule, words) in RULES.items():
        at = rule(rates, curve)
        if at is not None:
            lr = float(rates[at]) / (10.0 if name == "minimum" else 1.0)
            found.append(Suggestion(name, lr, float(np.interp(lr, rates, curve)), words))
    return found


def valley(rates: Values, curve: Values) -> int | None:
    """Half of the way down the longest stretch in which the loss falls again and again."""
    length = np.ones(len(curve), int)
    for i in range(1, len(curve)):
        lower = curve[:i] > curve[i]
        if lower.any():
            length[i] = 1 + length[:i][lower].max()
    end = int(length.argmax())
    start = max(0, end - int(length[end]))
    third = (end - start) / 3
    return start + int(third) + int(third / 2)


def steep(rates: Values, curve: Values) -> int | None:
    """Where the loss falls fastest."""
    least = int(curve.argmin())
    if least < 2:
        return None
    return int(np.gradient(curve, np.log10(rates))[: least + 1].argmin())


def minimum(rates: Values, curve: Values) -> int | None:
    """Where the loss is least."""
    return int(curve.argmin())


def slide(rates: Values, curve: Values) -> int | None:
    """The right end of the last stretch before the rise whose slope stays the same."""
    spread = float(np.ptp(curve)) or 1.0
    slope = np.gradient(curve, np.log10(rates)) / spread
    stretch = min(STRETCH, len(curve) // 3)
    right = len(curve) - 1
    while right - stretch > 0 and abs(slope[right] - slope[right - stretch]) > SAME_SLOPE:
        right -= 1
    return right if right - stretch > 0 else None


Rule = Callable[[Values, Values], int | None]
RULES: dict[str, tuple[Rule, str]] = {
    "valley": (valley, "half of the way down the longest fall"),
    "steep": (steep, "where the loss falls fastest"),
    "minimum": (minimum, "a tenth of the rate with the least loss"),
    "slide": (slide, "the end of the last even slope before the loss rises"),
}
