"""The doctor's rounds: every second the recent steps are shown to every rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tuiwb.doctor.examine import examine
from tuiwb.doctor.finding import Window
from tuiwb.engine.interfaces import StepRow

LENGTH = 1000
"""Steps that a rule looks back on."""
EVERY = 1.0
"""Seconds between rounds."""
AGAIN = 1000
"""Steps after which a symptom that went away is reported anew."""


class Rounds:
    """Keeps the window, asks the rules, and journals each finding once."""

    def __init__(self, event: Callable[..., Any]) -> None:
        self._event = event
        self._ring = np.zeros((LENGTH, 5))
        self._count = 0
        self._last_round = 0.0
        self._best = np.inf
        self._reported: dict[str, int] = {}

    def step(self, row: StepRow) -> None:
        """Take in one row; now and then, make a round."""
        self._ring[self._count % LENGTH] = (
            row.step,
            row.loss,
            row.lr,
            row.grad_norm,
            row.nonfinite,
        )
        self._count += 1
        sick_now = row.nonfinite and "non-finite" not in self._reported
        if row.time - self._last_round >= EVERY or sick_now:
            self._last_round = row.time
            self.make()

    def make(self) -> None:
        """Examine the window and journal what is new."""
        window = self.window()
        if len(window) >= 50:
            self._best = min(self._best, float(np.median(window.loss[-50:])))
        for finding in examine(window):
            seen = self._reported.get(finding.symptom)
            if seen is None or finding.step > seen + AGAIN:
                fields = finding.as_dict()
                self._event("finding", fields.pop("step"), **fields)
            self._reported[finding.symptom] = finding.until

    def window(self) -> Window:
        """The last `LENGTH` steps, oldest first."""
        if self._count <= LENGTH:
            rows = self._ring[: self._count]
        else:
            rows = np.roll(self._ring, -(self._count % LENGTH), axis=0)
        step, loss, lr, grad_norm, nonfinite = rows.T
        return Window(step.astype(int), loss, lr, grad_norm, nonfinite.astype(int), self._best)
