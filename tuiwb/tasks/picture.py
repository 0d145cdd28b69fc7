"""Something worth looking at, as data: what a task shows of its model while it learns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Kind = Literal["images", "matrix", "scatter", "boundary", "text", "lines", "bars"]
"""What the arrays of a picture are, and how it is painted.

``images``    images float32 [N, H, W] or [N, H, W, 3] in 0..1; optional columns (int, per row)
``matrix``    values float32 [R, C]; optional rows, columns (names), scale ("log10" or "linear")
``scatter``   points float32 [N, 2]; optional groups int [N], names (of groups)
``boundary``  grid float32 [H, W] (-1 to 1, row 0 at the top), extent [x0, x1, y0, y1], points
              [N, 2], labels int [N]; optional axes (two names), neurons float32 [M, h, w], names
``text``      text (one string, lines apart)
``lines``     x float32 [T], values float32 [L, T] (NaN where a line has nothing), names
``bars``      values float32 [N], names
"""


@dataclass(frozen=True)
class Picture:
    """One picture. ``arrays`` hold what `Kind` says; texts are lists of strings."""

    name: str
    """What it shows, in words that title a pane: "first filters", "confusion matrix"."""
    kind: Kind
    arrays: Mapping[str, np.ndarray | list[str] | str] = field(default_factory=dict)
    words: str = ""
    """One line beside the title: "recall 0.93", "8 of 8 modes"."""

    def plain(self) -> dict[str, Any]:
        """``arrays`` as NumPy arrays alone, ready for an ``.npz`` without pickles."""
        return {key: np.asarray(value) for key, value in self.arrays.items()}
