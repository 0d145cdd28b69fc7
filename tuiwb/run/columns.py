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
    columns, numbers = {}, dict[str, int]()  # many names may begin with the same letters
    for name in names:
        whole = str(name).encode("utf-8", "replace").decode()  # a lone surrogate has no bytes
        short = re.sub(r"\s", " ", clean(whole, LONGEST)).strip() or "metric"
        unique, begin = short, short[: LONGEST - 6]
        while unique in taken:
            numbers[begin] = numbers.get(begin, 1) + 1
            unique = f"{begin}~{numbers[begin]}"
        taken.add(unique)
        columns[name] = unique
    return columns
