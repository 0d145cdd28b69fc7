"""Columns of a table: what type each is, how many of its values are missing, and its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MISSING = frozenset(
    ("", "NA", "N/A", "n/a", "na", "#N/A", "NaN", "nan", "NAN", "null", "NULL", "Null", "None", "?")
)
"""Cells that mean: not known."""
MANY = 1000
"""Different values of one column that are kept apart; beyond it they are only many."""


@dataclass
class Column:
    """What one pass over a column has shown. Feed it with `see`, a block of cells at a time."""

    name: str
    number: bool = True
    """Whether every cell that is there is a number."""
    missing: int = 0
    infinite: int = 0
    """Cells with inf: as unusable as missing ones, and counted with them too."""
    first_missing: int = 0
    """Line of the first missing cell."""
    seen: int = 0
    values: set[str] | None = field(default_factory=set)
    """The different cells that are there; None where they are more than `MANY`."""

    def see(self, cells: Sequence[str], lines: Sequence[int]) -> None:
        """Take in some cells and the lines that they stand in."""
        whole = MISSING.isdisjoint(cells)
        there = cells if whole else [cell for cell in cells if cell not in MISSING]
        self.seen += len(cells)
        lost = len(cells) - len(there)
        if self.number and there:
            numbers = parsed(there)
            if numbers is None:
                self.number = False
            elif not np.isfinite(numbers).all():
                self.infinite += int((~np.isfinite(numbers)).sum())
                lost += int((~np.isfinite(numbers)).sum())
        if lost and not self.missing:
            self.first_missing = next(
                (n for cell, n in zip(cells, lines, strict=True) if cell in MISSING), lines[0]
            )
        self.missing += lost
        if self.values is not None:
            self.values.update(there)
            if len(self.values) > MANY:
                self.values = None

    @property
    def empty(self) -> bool:
        """Whether no cell is there."""
        return self.missing == self.seen

    def levels(self) -> tuple[str, ...] | None:
        """Its different values in order (numbers by size, ``1`` and ``1.0`` being one)."""
        if self.values is None:
            return None
        if not self.number:
            return tuple(sorted(self.values))
        numbers = parsed(sorted(self.values))
        assert numbers is not None
        return tuple(f"{x:.12g}" for x in np.unique(numbers[np.isfinite(numbers)]))


def parsed(cells: Sequence[str]) -> Floats | None:
    """The cells as numbers, or None where one is not; a decimal point, no group separators."""
    try:
        numbers = np.array(cells, dtype=np.float64)
    except ValueError:
        return None
    # Python reads 1_000 as a number; in a table it is a name
    return None if "_" in "".join(cells) else numbers


def numbers_of(cells: Sequence[str]) -> Floats:
    """The cells of a column of numbers; NaN where one is missing or not finite."""
    if not MISSING.isdisjoint(cells):
        cells = ["nan" if cell in MISSING else cell for cell in cells]
    numbers = np.array(cells, dtype=np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def indices_of(cells: Sequence[str], levels: dict[str, int], number: bool) -> NDArray[np.int64]:
    """The index of each cell among ``levels``; -1 where it is missing."""
    if number:
        cells = ["" if np.isnan(x) else f"{x:.12g}" for x in numbers_of(cells)]
    return np.array([levels.get(cell, -1) for cell in cells], dtype=np.int64)
