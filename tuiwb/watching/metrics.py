"""A user's own metrics: every name has its column in one table, found by whoever draws it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tuiwb.base.text import clean
from tuiwb.run.columns import COLUMNS, LONGEST, column_names
from tuiwb.run.table import TableWriter
from tuiwb.watching.hooks import say

HEADER = 9000
"""Bytes for the names of one table's columns, so that plain NumPy reads its header."""
TABLES = 60
"""Files that are kept open; a loop that makes up new names at each step has only its first ones
kept."""
HIGHEST = float(np.finfo(np.float32).max)


def number_of(value: Any, name: str = "") -> float:
    """``value`` as a float that fits in four bytes; waits for the device where it is a tensor
    there. What is no number is NaN, and said."""
    try:
        number = float(value.detach() if isinstance(value, torch.Tensor) else value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    except Exception:
        kind = type(value).__name__
        say(f"tuiwb: {clean(name, LONGEST)!r} is not a number but {kind}: left out")
        return math.nan
    return number if abs(number) <= HIGHEST or number != number else math.copysign(math.inf, number)


def figure_of(value: Any, name: str = "") -> float | torch.Tensor:
    """A number, or a 0-d float32 tensor on the device that computes it: nothing waits."""
    if (
        isinstance(value, torch.Tensor)
        and value.device.type not in ("cpu", "meta")
        and value.numel() == 1
        and not value.is_complex()
        and value.layout == torch.strided
    ):
        return value.detach().reshape(()).float()
    if value is None:
        return math.nan
    return number_of(value, name)


def mean(values: list[float | torch.Tensor]) -> float | torch.Tensor:
    """Of the values of one accumulated batch."""
    return sum(values[1:], start=values[0]) / len(values)


class Metrics:
    """Rows of what the user gave beside the loss. Names that were new together share a table."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tables: list[tuple[dict[str, str], TableWriter]] = []
        self._known: set[str] = set()
        self._taken: set[str] = {"step", "time"}
        self.full = False
        """Whether names were left out."""

    def add(self, step: int, time: float, values: Mapping[str, float]) -> None:
        """One row in each table that has one of these names; NaN for those that are not given."""
        if not values:
            return
        if not self.full and not values.keys() <= self._known:
            self._open([name for name in values if name not in self._known])
        for columns, table in self._tables:
            if not columns.keys().isdisjoint(values):
                row = np.zeros(1, table.dtype)
                row[0] = (step, time, *(values.get(name, math.nan) for name in columns))
                table.append(row)

    def _open(self, names: list[str]) -> None:
        for group in _groups(column_names(names, self._taken)):
            if len(self._tables) >= TABLES:
                self.full = True
                return
            dtype = np.dtype(
                [("step", "<i8"), ("time", "<f8"), *((column, "<f4") for column in group.values())]
            )
            number = len(self._tables) + 1
            table = "metrics" if number == 1 else f"metrics-{number}"
            self._tables.append((group, TableWriter(self._folder, table, dtype)))
            self._known.update(group)
            self._taken.update(group.values())

    def close(self) -> None:
        """Close all tables."""
        while self._tables:
            self._tables.pop()[1].close()


def _groups(columns: Mapping[str, str]) -> Iterable[dict[str, str]]:
    """Names and their columns in groups that fit into one table each."""
    group: dict[str, str] = {}
    size = 0
    for name, column in columns.items():
        length = len(ascii(column)) + 12  # with its type, as the header has it
        if group and (len(group) >= COLUMNS or size + length > HEADER):
            yield group
            group, size = {}, 0
        group[name] = column
        size += length
    if group:
        yield group
