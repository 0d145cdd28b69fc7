"""From data units to the unit interval, without overflow at either end of what a float holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]

# Below this, log10 and powers of ten meet denormals, which have no digits to be exact with.
SMALLEST = 1e-300
LARGEST = 1e300
_FAR = 1e9  # as good as outside


def floats(values: npt.ArrayLike | None) -> Floats:
    """Any array-like as a flat float64 array; what is not a number becomes NaN."""
    if values is None:
        return np.empty(0)
    try:
        return np.asarray(values, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        loose: npt.NDArray[Any] = np.asarray(values, dtype=object).ravel()
        return np.array([_float(value) for value in loose], dtype=np.float64)


def _float(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


@dataclass(frozen=True)
class Scale:
    """``low`` is mapped to 0 and ``high`` to 1, evenly ("linear") or by ratios ("log")."""

    low: float
    high: float
    log: bool = False

    def unit(self, values: npt.ArrayLike) -> Floats:
        """Where ``values`` lie between ``low`` (0) and ``high`` (1); beyond is < 0 or > 1.

        NaN where a value is not finite and, on a log scale, where it is not above zero.
        """
        array = np.asarray(values, dtype=np.float64)
        good = np.isfinite(array)
        with np.errstate(all="ignore"):
            if self.log:
                low, high = self._decades()
                good &= array > 0
                array = np.log10(np.maximum(array, SMALLEST))
            else:
                # Bring the larger end to about 1, so that no difference below overflows.
                shift = -math.frexp(max(abs(self.low), abs(self.high)))[1]
                low, high = math.ldexp(self.low, shift), math.ldexp(self.high, shift)
                # the product is as exact as ldexp and much faster, where the factor is a float
                array = array * 2.0**shift if abs(shift) < 1000 else np.ldexp(array, shift)
            width = high - low
            unit = (array - low) / width if width > 0 else 0.5 + 1.5 * np.sign(array - low)
            np.minimum(np.maximum(unit, -_FAR, out=unit), _FAR, out=unit)
        unit[~good] = np.nan
        return unit

    def place(self, value: float, count: int) -> int | None:
        """The nearest of ``count`` places for one ``value``; None outside. `unit` and `cells` for
        a single number, without the price of arrays."""
        if not math.isfinite(value) or (self.log and value <= 0) or count < 1:
            return None
        if self.log:
            low, high = self._decades()
            value = math.log10(max(value, SMALLEST))
        else:
            shift = -math.frexp(max(abs(self.low), abs(self.high)))[1]
            low, high = math.ldexp(self.low, shift), math.ldexp(self.high, shift)
            value = math.ldexp(value, shift) if self.low <= value <= self.high else math.inf
        if not low <= value <= high:
            return None
        unit = (value - low) / (high - low) if high > low else 0.5
        return round(unit * (count - 1))

    def _decades(self) -> tuple[float, float]:
        return math.log10(max(self.low, SMALLEST)), math.log10(max(self.high, SMALLEST))

    def value(self, unit: float) -> float:
        """The inverse of `unit` for one number."""
        if self.log:
            low, high = self._decades()
            return float(10 ** min(max(low + (high - low) * unit, -307.0), 307.0))
        return self.low * (1 - unit) + self.high * unit


def cells(unit: Floats, count: int) -> npt.NDArray[np.int64]:
    """The nearest of ``count`` places for each of ``unit``; -1 below 0 or NaN, count above 1."""
    inside = (unit >= 0) & (unit <= 1)
    place = np.where(unit > 1, float(count), -1.0)
    return np.where(inside, np.rint(unit * (count - 1)), place).astype(np.int64)
