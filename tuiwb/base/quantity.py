"""Times and sizes as a person types them: ``30d``, ``2GB``."""

from __future__ import annotations

import re

from tuiwb.base.errors import UserError
from tuiwb.base.text import one_line

# no m: it may be a minute or a month
_TIMES = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_SIZES = {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
_NUMBER = re.compile(r"\s*([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([A-Za-z]+)\s*")


def seconds_of(text: str, where: str = "") -> float:
    """``90min`` -> 5400.0. `UserError` where it is not a time."""
    return _read(text, _TIMES, where, "a number with s, min, h, d or w, such as 12h or 30d")


def bytes_of(text: str, where: str = "") -> float:
    """``1.5GB`` -> 1.5e9 (powers of 1000). `UserError` where it is not a size."""
    allowed = "a number with B, kB, MB, GB or TB, such as 500MB or 2GB"
    units = {unit.casefold(): factor for unit, factor in _SIZES.items()}
    units |= {unit[0]: factor for unit, factor in units.items() if unit != "b"}
    return _read(text.casefold(), units, where, allowed, text)


def _read(
    text: str, units: dict[str, float], where: str, allowed: str, typed: str | None = None
) -> float:
    found = _NUMBER.fullmatch(text)
    if found is None or found[2] not in units:
        shown = one_line(text if typed is None else typed, 60)
        raise UserError(f"cannot read {shown!r}", where=where, found=repr(shown), allowed=allowed)
    return float(found[1]) * units[found[2]]
