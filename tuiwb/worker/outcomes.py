"""What became of remedies: each is judged some steps after it was applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuiwb.doctor.finding import Finding
from tuiwb.doctor.followup import EVALUATIONS, HELD_OUT, LEAST, Verdict, judge, since
from tuiwb.doctor.games import TASK
from tuiwb.doctor.window import STEPS, Window

BY = "doctor:"
"""How a command says that it applies a remedy: ``doctor:SYMPTOM``."""
WAIT = 200
"""Steps after a remedy before it is judged, at least; as many as the symptom took to be seen where
those are more, up to half of what a window holds."""


@dataclass(frozen=True)
class Applied:
    """A remedy in force: what the doctor saw before it, and what was found and changed."""

    finding: Finding
    before: Window
    step: int
    change: Mapping[str, Any]

    def verdict(self, now: Window, last: bool = False) -> Verdict | None:
        """What came of it; None while it is too early to tell. ``last``: no more will come."""
        new = since(now, self.before)
        if len(new) < LEAST:
            return None
        told = judge(self.before, now, self.finding)
        lost = not np.isfinite(new.loss[-LEAST:]).all()
        return told if last or lost or self._ripe(new) else None

    def _ripe(self, new: Window) -> bool:
        took = self.finding.until - self.finding.step + 1
        if len(new) < min(max(WAIT, took), STEPS // 2):
            return False
        if self.finding.symptom in HELD_OUT or new.facts.task == TASK:
            return len(new.evals.get("step", ())) >= EVALUATIONS
        return True


def symptom_of(by: str) -> str:
    """The symptom that a command was sent against, empty where it was sent for other reasons."""
    return by.removeprefix(BY) if by.startswith(BY) else ""
