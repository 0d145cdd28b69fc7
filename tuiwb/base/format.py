"""Numbers, times and sizes as a person reads them, in as few characters as are honest."""

from __future__ import annotations

import math

_SI = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def number(value: float | None, digits: int = 4) -> str:
    """``value`` to ``digits`` significant digits; scientific where plain would be long."""
    if value is None:
        return "-"
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    magnitude = abs(value)
    if 1e-3 <= magnitude < 10**digits:
        decimals = max(0, digits - 1 - math.floor(math.log10(magnitude)))
        text = f"{value:.{decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, exponent = f"{value:.{max(0, digits - 2)}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"


def si(value: float | None, digits: int = 3) -> str:
    """A count or a rate with an SI suffix: 1240 -> ``1.24k``."""
    if value is None or not math.isfinite(value):
        return number(value)
    for factor, suffix in _SI:
        # 999.6 rounds to the next unit rather than to "1000"
        if abs(value) >= factor * (1 - 0.5 * 10**-digits):
            return number(value / factor, digits) + suffix
    return number(value, digits)


def count(value: int) -> str:
    """A whole number with thin groups: 1234567 -> ``1 234 567``."""
    return f"{value:,}".replace(",", " ")


def duration(seconds: float | None) -> str:
    """Seconds as ``0:31``, ``1:02:03`` or ``3d 4:05:06``."""
    if seconds is None or not math.isfinite(seconds):
        return "-"
    whole = max(0, round(seconds))
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, secs = divmod(rest, 60)
    clock = f"{hours}:{minutes:02}:{secs:02}" if hours or days else f"{minutes}:{secs:02}"
    return f"{days}d {clock}" if days else clock


def ago(seconds: float) -> str:
    """How long ago, in one number and one word."""
    for unit, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{int(seconds // unit)} {word} ago"
    return "just now"


def size(count_of_bytes: float | None) -> str:
    """Bytes as ``812 B``, ``1.2 MB`` or ``2.1 GB`` (powers of 1000)."""
    if count_of_bytes is None or not math.isfinite(count_of_bytes):
        return "-"
    value = float(count_of_bytes)
    for suffix in ("B", "kB", "MB", "GB", "TB"):
        if abs(value) < 999.5 or suffix == "TB":
            return f"{value:.0f} {suffix}" if suffix == "B" else f"{value:.3g} {suffix}"
        value /= 1000
    raise AssertionError("unreachable")


def percent(share: float | None) -> str:
    """A share of one as a percentage: 0.008 -> ``0.8 %``."""
    if share is None or not math.isfinite(share):
        return "-"
    return f"{100 * share:.1f} %"
