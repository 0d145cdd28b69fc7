"""The doctor's rounds: every second the recent rows are shown to every rule."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import numpy as np

from tuiwb.doctor.examine import examine
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.window import EVALS, LAYERS, STEPS, SYSTEM, Columns, Facts, Window, columns
from tuiwb.worker.recent import Recent

EVERY = 1.0
"""Seconds between rounds, at least."""
SHARE = 0.005
"""Share of the time that rounds may take; slow rules are asked less often."""
AGAIN = 1000
"""Steps after which a symptom that went away is reported anew."""
SMOOTH = 50
"""Steps in the median that ``best_loss`` is the lowest of."""
_NO_ROWS = np.dtype([("step", "<i8")])


class Rounds:
    """Keeps the window, asks the rules, and journals each finding once.

    ``facts`` are put in by whoever knows the run, before the first step.
    """

    def __init__(self, event: Callable[..., Any]) -> None:
        self._event = event
        self.facts = Facts()
        self.found: list[Finding] = []
        """What the last round found."""
        self.steps = Recent(STEPS, _NO_ROWS)
        self.layers = Recent(LAYERS, _NO_ROWS)
        self.system = Recent(SYSTEM, _NO_ROWS)
        self._evals: deque[dict[str, float]] = deque(maxlen=EVALS)
        self._first_loss = np.nan
        self._first_layers: Columns = {}
        self._best = np.inf
        self._next_round = 0.0
        self._reported: dict[str, int] = {}

    def begin(self, steps: np.dtype[Any], layers: np.dtype[Any]) -> None:
        """The columns of the steps and of the layers, before the first row."""
        self.steps = Recent(STEPS, steps)
        self.layers = Recent(LAYERS, layers)

    def take(self, rows: np.ndarray) -> None:
        """Take in rows of the steps; now and then, and at once where one is sick, make a round."""
        if not self.steps.count:
            self._first_loss = float(rows["loss"][0])
        self.steps.add(rows)
        now = float(rows["time"][-1])
        sick = "non-finite" not in self._reported and rows["nonfinite"].any()
        if now >= self._next_round or sick:
            began = perf_counter()
            self.make(now)
            self._next_round = now + max(EVERY, (perf_counter() - began) / SHARE)

    def layer(self, row: np.ndarray) -> None:
        """Take in one row of the layers."""
        self.layers.add(row)
        if self.layers.count == 1:
            self._first_layers = {
                name: row[name][0].astype(float) for name in (row.dtype.names or ())[2:]
            }

    def evaluation(
        self, step: int, time: float, metrics: Mapping[str, float], eval_mode_loss: float
    ) -> None:
        """Take in one evaluation."""
        recent = self.steps.rows()
        since = self._evals[-1]["step"] if self._evals else 0
        losses = recent["loss"][recent["step"] > since] if len(recent) else np.empty(0)
        train_loss = float(np.median(losses)) if len(losses) else np.nan
        self._evals.append(
            {"step": step, "time": time, **metrics}
            | {"train_loss": train_loss, "eval_mode_loss": eval_mode_loss}
        )

    def make(self, now: float) -> None:
        """Examine the window and journal what is new."""
        window = self.window(now)
        if len(window) >= SMOOTH:
            self._best = min(self._best, float(np.median(window.loss[-SMOOTH:])))
        self.found = examine(window)
        for finding in self.found:
            seen = self._reported.get(finding.symptom)
            if seen is None or finding.step > seen + AGAIN:
                fields = finding.as_dict()
                self._event("finding", fields.pop("step"), **fields)
            self._reported[finding.symptom] = finding.until

    def window(self, now: float) -> Window:
        """What the rules see."""
        names = dict.fromkeys(name for row in self._evals for name in row)
        return Window(
            steps=columns(self.steps.rows()),
            evals={
                name: np.array([row.get(name, np.nan) for row in self._evals]) for name in names
            },
            layers=columns(self.layers.rows()),
            system=columns(self.system.rows()),
            facts=self.facts,
            first_loss=self._first_loss,
            first_layers=self._first_layers,
            best_loss=self._best,
            now=now,
        )
