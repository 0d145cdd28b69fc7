"""The last rows of each table, kept in memory for the doctor's rounds."""

from __future__ import annotations

from typing import Any

import numpy as np


class Recent:
    """A ring of structured rows."""

    def __init__(self, length: int, dtype: np.dtype[Any]) -> None:
        self._ring = np.zeros(length, dtype)
        self.dtype = dtype
        self.count = 0

    def add(self, rows: np.ndarray) -> None:
        """Keep rows, the newest last."""
        rows = rows[-len(self._ring) :]
        at = np.arange(self.count, self.count + len(rows)) % len(self._ring)
        self._ring[at] = rows
        self.count += len(rows)

    def rows(self) -> np.ndarray:
        """What is kept, oldest first."""
        if self.count <= len(self._ring):
            return self._ring[: self.count].copy()
        return np.roll(self._ring, -(self.count % len(self._ring)))
