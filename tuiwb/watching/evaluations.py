"""What the user measures on held-out data: one row for each step at which something is told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tuiwb.base.clock import STEADY
from tuiwb.run.columns import column_names
from tuiwb.watching.metrics import number_of
from tuiwb.watching.record import Record

NAMES = 80
"""Columns of the evaluations' table; further names go to the metrics' tables."""


class Evaluations:
    """Several calls at one step (two validation sets, say) are one evaluation."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._best = math.inf
        self._last: dict[str, float] = {}
        """All names so far; what is new adds a column and takes none away."""
        self._last_step = -1

    def add(self, step: int, metrics: Mapping[str, Any]) -> None:
        """``loss=0.1`` is ``val_loss``."""
        given = {
            name if name.startswith("val_") else f"val_{name}": number_of(value, name)
            for name, value in metrics.items()
        }
        same = self._last if step == self._last_step else dict.fromkeys(self._last, math.nan)
        kept = dict(list({**same, **given}.items())[:NAMES])
        now = STEADY.now()
        self._record.metrics.add(step, now, {n: v for n, v in given.items() if n not in kept})
        loss = given.get("val_loss", math.nan)
        best = loss < self._best
        self._best = loss if best else self._best
        self._last, self._last_step = kept, step
        columns = column_names(kept)
        row = {columns[name]: value for name, value in kept.items()}
        self._record.sink.evaluation(step, now, row, best, math.nan)
