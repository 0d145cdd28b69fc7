"""What the kinds that show a search share: its trials on axes from 0 to 1, and how good each is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tuiwb.plots.arrays import Arrays, Refused
from tuiwb.plots.numbers import short
from tuiwb.plots.palette import LEVELS, RAMPS
from tuiwb.plots.pictures.look import levels_of
from tuiwb.plots.scales import Floats, Scale

MOST_AXES = 40
_FAR = 3.0
"""Times the middle half's height by which a value may be outside it and still be on the scale."""
BEST = 0xE66100


@dataclass(frozen=True)
class Axis:
    """One knob, or the metric: its scale, and what stands at its ends."""

    name: str
    scale: Scale
    choices: tuple[str, ...] = ()

    def label(self, value: float) -> str:
        """A place on the axis in words."""
        if self.choices:
            return self.choices[min(max(round(value), 0), len(self.choices) - 1)]
        return short(value, 6)

    @property
    def low(self) -> str:
        return self.label(0 if self.choices else self.scale.low)

    @property
    def high(self) -> str:
        return self.label(len(self.choices) - 1 if self.choices else self.scale.high)


@dataclass(frozen=True)
class Trials:
    """Trials in their order: places (N, K) and results (N,) between 0 and 1, and the best."""

    axes: tuple[Axis, ...]
    metric: Axis
    places: Floats
    results: Floats
    best: int
    falling: bool
    note: str

    @property
    def goodness(self) -> Floats:
        """1 for the best, 0 for the worst."""
        return 1 - self.results if self.falling else self.results

    @property
    def colours(self) -> npt.NDArray[np.int32]:
        """A colour for each, the better the brighter."""
        return RAMPS["viridis"][levels_of(self.goodness, LEVELS)]


def read(arrays: Arrays) -> Trials:
    """``points`` [N, K] (of a knob with ``choices``, which one), ``values`` [N], ``names`` of the
    knobs and the metric, ``logs`` [K], ``choices`` [K] as ``one|two|three``, ``falling``."""
    points, values = arrays.floats("points", "NK"), arrays.floats("values", "N")
    count = points.shape[1]
    if len(values) != len(points):
        raise Refused(f"values has {len(values)} places for {len(points)} points")
    if count > MOST_AXES:
        raise Refused(f"points has {count} axes, more than {MOST_AXES}")
    good = np.isfinite(points).all(axis=1) & np.isfinite(values)
    note = f"{int((~good).sum())} without a result" if not good.all() else ""
    points, values = points[good], values[good]
    if not len(values):
        raise Refused("no trial has a result")
    names, choices = arrays.names("names", count + 1, "knob "), arrays.names("choices", count)
    given = "choices" in arrays
    logs = arrays.labels("logs", count)
    falling = bool(arrays.whole("falling", 1, 0, 1))
    axes = tuple(
        _axis(names[i], points[:, i], bool(logs[i]), choices[i] if given else "")
        for i in range(count)
    )
    places = np.stack(
        [np.clip(a.scale.unit(points[:, i]), 0, 1) for i, a in enumerate(axes)], axis=1
    )
    scale = _near(values)
    metric = Axis(names[count], scale)
    results = np.clip(np.nan_to_num(scale.unit(values), nan=0.5), 0, 1)
    best = int(values.argmin() if falling else values.argmax())
    return Trials(axes, metric, np.nan_to_num(places, nan=0.5), results, best, falling, note)


def _axis(name: str, values: Floats, log: bool, choices: str) -> Axis:
    known = tuple(choices.split("|")) if choices else ()
    if known:
        return Axis(name, Scale(0.0, max(len(known) - 1.0, 1e-9)), known)
    low, high = float(values.min()), float(values.max())
    if not low < high:
        low, high = low - abs(low) * 0.01 - 1e-9, high + abs(high) * 0.01 + 1e-9
    return Axis(name, Scale(low, high, log and low > 0))


def _near(values: Floats) -> Scale:
    """The scale of the results: what is far out stands at its end, and flattens nobody."""
    low, middle, high = (float(v) for v in np.percentile(values, (25, 50, 75)))
    reach = _FAR * max(high / 2 - low / 2, abs(middle) * 1e-3) * 2
    bottom, top = max(float(values.min()), low - reach), min(float(values.max()), high + reach)
    if not bottom < top:
        bottom, top = bottom - abs(bottom) * 0.01 - 1e-9, top + abs(top) * 0.01 + 1e-9
    most = float(np.finfo(np.float64).max)
    return Scale(max(bottom, -most), min(top, most))
