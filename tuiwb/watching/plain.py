"""Whatever a user hands over as hyperparameters or as a name, as something that can be kept."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

from tuiwb.base.text import clean, slug

LONGEST = 300
"""Characters of a text that are kept."""
ENTRIES = 500
"""Entries of a mapping, or of a list, that are kept."""
DEEPEST = 4
"""Levels of nesting that are kept as such; what lies deeper is kept as text."""


def plain(value: Any, depth: int = 0) -> Any:
    """``value`` as JSON has it: odd objects become their text, long ones are cut."""
    if value is None or isinstance(value, bool):
        return value
    if type(value) is int and abs(value) < 1 << 63:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else str(value)
    if depth < DEEPEST and isinstance(value, Mapping):
        return {
            _text(key)[:100]: plain(item, depth + 1)
            for key, item in itertools.islice(value.items(), ENTRIES)
        }
    if depth < DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in itertools.islice(value, ENTRIES)]
    return _text(value)


def plain_hparams(given: Any) -> dict[str, Any]:
    """Hyperparameters as a mapping of at most `ENTRIES`; also an `argparse.Namespace` is one."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        try:
            given = vars(given)
        except TypeError:
            given = {"hparams": given}
    found: dict[str, Any] = plain(given)
    size = 0
    for key in list(found):
        size += len(str(found[key]))
        if size > 100_000:  # of meta.json, which every reader reads
            del found[key]
    return found


def plain_name(name: object) -> str:
    """A run's name that can be a folder's."""
    return slug(_text(name)).lstrip(".-") or "run"


def planned_steps(given: Any) -> int | None:
    """A number of steps; None for what is none, as of a training without an end."""
    try:
        steps = int(given)
    except (TypeError, ValueError, OverflowError):
        return None
    return steps if 0 < steps < 1 << 53 else None


def _text(value: object) -> str:
    try:
        return clean(str(value), LONGEST)
    except Exception:
        return type(value).__name__
