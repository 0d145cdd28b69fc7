"""Names from outside as columns of a table."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from tuiwb.base.text import clean

COLUMNS = 200
"""Of one table: its header must stay readable by plain NumPy."""
LONGEST = 100
"""Characters of a name that are kept."""


def column_names(names: Iterable[str], taken: Collection[str] = ("step", "time")) -> dict[str, str]:
    """A column's name for each metric: printable, at most `LONGEST` long, no two alike and none
    that is ``taken``."""
    taken = set(taken)
    columns = {}
    for name in names:
        whole = str(name).encode("utf-8", "replace").decode()  # a lone surrogate has no bytes
        short = re.sub(r"\s", " ", clean(whole, LONGEST)).strip() or "metric"
        unique, number = short, 2
        while unique in taken:
            unique, number = f"{short[: LONGEST - 6]}~{number}", number + 1
        taken.add(unique)
        columns[name] = unique
    return columns
