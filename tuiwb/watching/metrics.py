"""A user's own metrics: a table for each set of names."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tuiwb.base.text import clean
from tuiwb.run.table import TableWriter

COLUMNS = 200
"""Of one table: its header must stay readable by plain NumPy."""
SETS = 50
"""Different sets of names that are told apart; a loop that makes up new ones at each step has only
its first ones kept."""
LONGEST = 100
"""Characters of a name that are kept."""


def number_of(value: Any, name: str = "") -> float:
    """``value`` as a float. Waits for the device where it is a tensor there. TypeError where it is
    no number."""
    try:
        return float(value.detach() if isinstance(value, torch.Tensor) else value)
    except (TypeError, ValueError, RuntimeError):
        warnings.warn(
            f"tuiwb: {name!r} is not a number but {type(value).__name__}: left out",
            RuntimeWarning,
            stacklevel=2,
        )
        return math.nan


class Metrics:
    """Rows of what the user gave beside the loss."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tables: dict[tuple[str, ...], list[tuple[list[str], TableWriter]]] = {}

    def add(self, step: int, time: float, values: Mapping[str, float]) -> None:
        """One row in each table of this set of names."""
        if not values:
            return
        names = tuple(values)
        if names not in self._tables:
            if len(self._tables) >= SETS:
                return
            self._tables[names] = self._open(names)
        for some, table in self._tables[names]:
            row = np.zeros(1, table.dtype)
            row[0] = (step, time, *(values[name] for name in some))
            table.append(row)

    def _open(self, names: tuple[str, ...]) -> list[tuple[list[str], TableWriter]]:
        opened = []
        columns = column_names(names)
        number = sum(len(tables) for tables in self._tables.values())
        for begin in range(0, len(names), COLUMNS):
            some = list(names[begin : begin + COLUMNS])
            dtype = np.dtype(
                [("step", "<i8"), ("time", "<f8"), *((columns[name], "<f4") for name in some)]
            )
            number += 1
            table = "metrics" if number == 1 else f"metrics-{number}"
            opened.append((some, TableWriter(self._folder, table, dtype)))
        return opened

    def close(self) -> None:
        """Close all tables."""
        for tables in self._tables.values():
            for _, table in tables:
                table.close()
        self._tables = {}


def column_names(names: tuple[str, ...]) -> dict[str, str]:
    """A column's name for each metric: printable, at most `LONGEST` long, no two alike."""
    taken = {"step", "time"}
    columns = {}
    for name in names:
        short = clean(str(name), LONGEST) or "metric"
        unique, number = short, 2
        while unique in taken:
            unique, number = f"{short[: LONGEST - 6]}~{number}", number + 1
        taken.add(unique)
        columns[name] = unique
    return columns
