"""Where an axis is marked and what is written there: 1-2-5 steps, decades, round times."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

from tuiwb.plots.numbers import short, span

_TIME_STEPS = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800,
    3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
)  # fmt: skip
_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True)
class Ticks:
    """``values`` rise strictly and lie inside the limits; ``labels`` go with them.

    Where a label cannot hold all the digits that tell the values apart, ``offset`` says what is to
    be done to labels (empty otherwise): 1.0000002 becomes "2e-7" with the offset "+1", and
    0.0019985 becomes "1.9985" with times 1e-3.
    """

    values: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    offset: str = ""


def nice_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 5 times a power of ten that ``most`` steps of cover ``span``."""
    raw = span / max(most, 1)
    if not 1e-306 < raw < 1e306:
        return max(raw, 1e-306)
    exponent = math.floor(math.log10(raw))
    power = 10.0**exponent
    for factor in (1.0, 2.0, 5.0, 10.0):
        # 10**-3 is a division away from exact; 1/1000 is the float a person means
        step = factor * power if exponent >= 0 else factor / 10.0**-exponent
        if step >= raw * (1 - 1e-9):
            return step
    return 10 * power


def linear(low: float, high: float, most: int, width: int = 6) -> Ticks:
    """At most ``most`` + 1 ticks in [low, high], labelled in at most ``width`` characters."""
    span_ = high / 2 - low / 2
    if not span_ > 0 or not math.isfinite(span_):
        return _single(low, width) if math.isfinite(low) else Ticks()
    step = nice_step(2 * min(span_ / max(most, 1), 8e307), 1)
    values = _multiples(low, high, step, most)
    if not values:
        return Ticks()
    labels = _labels(values, step)
    if max(map(len, labels)) <= width:
        return _distinct(values, labels)
    scaled = _multiplied(values, step, width) or _added(values, step, width)
    if scaled is None and most > 1:
        return linear(low, high, most - 1, width)  # a wider step needs fewer digits
    return scaled or _distinct(values, [short(value, width) for value in values])


def _multiplied(values: list[float], step: float, width: int) -> Ticks | None:
    """Labels that a power of ten is to be multiplied with, where they fit."""
    exponent = math.floor(math.log10(max(map(abs, values))) + 1e-9)
    digits = exponent - math.floor(math.log10(step) + 1e-9)
    if not exponent or not 0 <= digits < width or abs(exponent) > 300:
        return None
    labels = [f"{_scaled(value, exponent):.{digits}f}" if value else "0" for value in values]
    fits = max(map(len, labels)) <= width
    return _distinct(values, labels, f"\u00d71e{exponent}") if fits else None


def _added(values: list[float], step: float, width: int) -> Ticks | None:
    """Labels that are to be added to a number, where both are as short as can be."""
    found: list[tuple[int, Ticks]] = []
    if not 1e-290 < step < 1e290:
        return None
    for digits, end in product(range(1, 16), (values[-1], values[0])):
        base = float(f"{end:.{digits - 1}e}")
        counts = [(value - base) / step for value in values]
        if not all(abs(count) < 1e15 and abs(count - round(count)) < 1e-2 for count in counts):
            continue
        labels = _labels([multiple(round(count), step) for count in counts], step)
        longest, offset = max(map(len, labels)), f"{base:+.15g}"
        if longest <= width:
            found.append((2 * longest + len(offset), _distinct(values, labels, offset)))
    return min(found, key=lambda one: one[0])[1] if found else None


def ends(low: float, high: float, width: int = 6) -> Ticks:
    """The two limits themselves: for a plot too low for anything between them."""
    half = high / 2 - low / 2
    if not 0 < half < 1e307:
        return _distinct([low, high], [short(low, width), short(high, width)])
    labels = _labels([low, high], nice_step(2 * half, 5))
    if max(map(len, labels)) > width:
        labels = [short(low, width), short(high, width)]
    return _distinct([low, high], labels)


def time(low: float, high: float, most: int) -> Ticks:
    """Ticks of an axis in seconds, at steps that clocks have."""
    width = high - low
    if not 0 < width < 1e12:
        return linear(low, high, most)
    wanted = width / max(most, 1)
    if wanted < 1:
        step = nice_step(width, most)
    elif wanted > _TIME_STEPS[-1]:
        step = 86_400 * max(1.0, nice_step(width / 86_400, most))
    else:
        step = next(float(s) for s in _TIME_STEPS if s >= wanted)
    values = _multiples(low, high, step, most)
    return _distinct(values, [span(value) for value in values])


def log(low: float, high: float, most: int, width: int = 6) -> Ticks:
    """Decades, every n-th of them where there are many; 1-2-5 where there are few."""
    if not 0 < low < high or not math.isfinite(high):
        return _single(low, width) if low > 0 and math.isfinite(low) else Ticks()
    first = math.floor(math.log10(low) + 1e-9)
    last = math.ceil(math.log10(high) - 1e-9)
    most = max(most, 1)
    decades = max(1, last - first)
    inside: list[float] = []
    if decades <= most:
        for mantissas in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
            values = [m * _power(e) for e in range(first, last + 1) for m in mantissas]
            inside = _within(values, low, high)
            if len(inside) <= most + 1:
                break
    else:
        every = math.ceil(decades / most)
        start = math.ceil(first / every) * every
        inside = _within([_power(e) for e in range(start, last + 1, every)], low, high)
    if len(inside) < 2:
        return linear(low, high, most, width)
    return _distinct(inside, [tick_label(v, width) for v in inside])


def of(scale: str, low: float, high: float, most: int, width: int = 6) -> Ticks:
    """Ticks of a "linear", "log" or "time" axis."""
    if scale == "time":
        return time(low, high, most)
    return (log if scale == "log" else linear)(low, high, most, width)


def _within(values: list[float], low: float, high: float) -> list[float]:
    kept = [v for v in values if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]
    return [min(max(v, low), high) for v in kept]


def _multiples(low: float, high: float, step: float, most: int) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    last = min(last, first + 2 * most + 2)
    values = [min(max(multiple(k, step), low), high) for k in range(first, last + 1)]
    return [value for value in values if math.isfinite(value)]


def multiple(count: int, step: float) -> float:
    """``count`` * ``step``, as a person would write it: three times 0.1 is 0.3."""
    inverse = 1 / step if 1e-15 < step < 1 else 0.0
    whole = round(inverse)
    return count / whole if whole and abs(inverse - whole) < 1e-6 else count * step


def _labels(values: list[float], step: float) -> list[str]:
    """One way of writing for all of ``values``, with just the digits that ``step`` needs."""
    largest = max(abs(value) for value in values)
    if largest == 0:
        return ["0"] * len(values)
    if largest < 0.9995e-3 or largest >= 0.9995e15:
        exponent = math.floor(math.log10(largest) + 1e-9)
        digits = max(0, exponent - math.floor(math.log10(step) + 1e-9))
        return [
            "0" if value == 0 else _trimmed(f"{_scaled(value, exponent):.{digits}f}", exponent)
            for value in values
        ]
    factor, suffix = 1.0, ""
    if largest >= 10_000 * (1 - 1e-9):
        factor, suffix = next(unit for unit in _UNITS if largest >= unit[0] * (1 - 1e-9))
    digits = max(0, -math.floor(math.log10(step / factor) + 1e-9))
    return ["0" if v == 0 else f"{v / factor:.{digits}f}{suffix}" for v in values]


def _trimmed(mantissa: str, exponent: int) -> str:
    return f"{mantissa}e{exponent}"


def _scaled(value: float, exponent: int) -> float:
    # In two halves: 10**320 is no float.
    half = exponent // 2
    return value / 10.0**half / 10.0 ** (exponent - half)


def _power(exponent: int) -> float:
    if abs(exponent) > 307:
        return 1e308 if exponent == 308 else math.inf if exponent > 0 else 0.0
    return 10.0**exponent if exponent >= 0 else 1 / 10.0**-exponent


def tick_label(value: float, width: int = 6) -> str:
    """One value by itself in at most ``width`` characters: 0.1, 500, 2k, 1e-5."""
    if value <= 0:
        return short(value, width) if value else "0"
    if 1e-3 * (1 - 1e-9) <= value < 1e4 * (1 - 1e-9):
        return f"{value:.4g}"
    exponent = math.floor(math.log10(value) + 1e-9)
    if 4 <= exponent < 15:
        return _labels([value], value)[0]
    mantissa = _scaled(value, exponent)
    text = f"{mantissa:.0f}e{exponent}"
    return text if abs(mantissa - round(mantissa)) < 1e-6 else short(value, width)


def _single(value: float, width: int) -> Ticks:
    return Ticks((value,), (short(value, width),))


def _distinct(values: list[float], labels: list[str], offset: str = "") -> Ticks:
    """Without the ticks that a float, or a label, cannot tell from the one before."""
    kept: list[tuple[float, str]] = []
    for value, label in zip(values, labels, strict=True):
        if not kept or (value > kept[-1][0] and label != kept[-1][1]):
            kept.append((value, label))
    return Ticks(tuple(v for v, _ in kept), tuple(t for _, t in kept), offset)
