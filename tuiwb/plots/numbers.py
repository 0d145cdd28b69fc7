"""Numbers that fit a fixed number of columns, so that a changing value moves nothing around it."""

from __future__ import annotations

import math

_SI = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def short(value: float | None, width: int = 6) -> str:
    """``value`` in at most ``width`` (>= 4) characters, with as many digits as fit, up to four.

    0.2310, 12.35, 1.235k, 1.2e-5. What cannot fit even with one digit is cut to its size: 1e+300
    needs five.
    """
    if value is None or math.isnan(value):
        return "nan" if value is not None else "-"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    for digits in (4, 3, 2, 1):
        text = _digits(value, digits)
        if len(text) <= width:
            break
    return text


def _digits(value: float, digits: int) -> str:
    magnitude = abs(value)
    if 1e-3 <= magnitude < 0.5 * 10**4:
        whole = math.floor(math.log10(magnitude)) + 1
        return f"{value:.{max(0, digits - whole)}f}"
    if 0.5 * 10**4 <= magnitude < 0.9995e15:
        for factor, suffix in _SI:
            if magnitude >= factor * 0.9995:
                scaled = value / factor
                whole = math.floor(math.log10(abs(scaled)) + 1e-9) + 1
                return f"{scaled:.{max(0, digits - whole)}f}{suffix}"
    mantissa, exponent = f"{value:.{max(0, digits - 2)}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def span(seconds: float) -> str:
    """A time on an axis: 0, 20s, 2m, 1m30, 1h, 1h30, 2d, 2d12."""
    sign, whole = ("-", round(-seconds)) if seconds < 0 else ("", round(seconds))
    if abs(seconds) < 1e15 and whole != abs(seconds):
        return f"{seconds:g}s"
    if whole > 10_000 * 86_400:
        return sign + short(float(whole), 6) + "s"
    if whole == 0:
        return "0"
    for unit, name, part, rest_name in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, ""),
        (60, "m", 1, ""),
    ):
        if whole >= unit:
            head, rest = divmod(whole, unit)
            tail = f"{rest // part:02}{rest_name}" if rest >= part else ""
            return f"{sign}{head}{name}{tail}"
    return f"{sign}{whole}s"
