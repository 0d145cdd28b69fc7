"""What became of a symptom after something was done about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from tuiwb.doctor.examine import SYMPTOMS
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.games import TASK
from tuiwb.doctor.window import Array, Columns, Window

Verdict = Literal["helped", "no effect", "worse"]

LEAST = 20
"""Steps after the change before anything is said."""
ROWS = 100
"""Steps, at most, whose median is the loss before and after."""
EVALUATIONS = 3
GAIN, LOSS = 0.01, 0.1
"""Of the loss before: by how much it must be better, or worse, whatever its noise."""
ERRORS = 3.0
"""Standard errors of the difference."""
BETTER_SAMPLES = 0.05
"""Of the share of good samples in a game."""
HELD_OUT = frozenset({"overfitting", "suspicious-validation", "train-eval-disagreement"})
"""Symptoms that the held-out loss tells of: their cures may well raise the training loss."""
TOO_HIGH = frozenset({"plateau", "underfit", "lr-too-low"})
"""Symptoms that are a loss which stays too high: one that has come down was helped, also where it
stays again at where it is now."""


def judge(before: Window, after: Window, finding: Finding) -> Verdict:
    """Whether what was done after ``finding`` helped: ``before`` ends where it was done, and only
    what ``after`` holds from then on counts.

    *worse* is a loss that is no longer finite, or clearly higher than it was. *helped* is a loss
    clearly below where it was heading, or a symptom that has not come back in as many steps as it
    took to be seen, at a loss no higher. The held-out loss stands for it where the symptom is of
    that kind; in a game of two networks, whose losses tell nothing, the samples do.
    """
    new = since(after, before)
    if len(new) < LEAST:
        return "no effect"
    if _lost(new):
        return "no effect" if finding.symptom == "non-finite" else "worse"
    trend = _trend(before, new, finding)
    if trend < 0:
        return "worse"
    if finding.symptom in SYMPTOMS.names():
        if trend > 0 and finding.symptom in TOO_HIGH:
            return "helped"
        again = SYMPTOMS.load(finding.symptom).rule(new)
        if again is not None:
            return "no effect"
        took = max(finding.until - finding.step + 1, LEAST)
        if float(new.step[-1] - new.step[0]) + 1 >= took:
            return "helped"
    return "helped" if trend > 0 else "no effect"


def since(window: Window, before: Window) -> Window:
    """``window`` without what ``before`` had already seen, by time: a branch counts its steps from
    an earlier one again. By step where no time is known."""
    last = float(before.step[-1]) if len(before) else -np.inf
    now = before.now if "time" in window.steps else np.nan

    def cut(table: Columns) -> Columns:
        by, at = ("time", now) if np.isfinite(now) and "time" in table else ("step", last)
        if by not in table:
            return {}
        keep = table[by] > at
        return {name: values[keep] for name, values in table.items()}

    return replace(
        window,
        steps=cut(window.steps),
        evals=cut(window.evals),
        layers=cut(window.layers),
        system=cut(window.system),
    )


def _lost(window: Window) -> bool:
    tail = window.loss[-LEAST:]
    return bool((~np.isfinite(tail)).any() or (window.column("nonfinite")[-LEAST:] > 0).any())


def _trend(before: Window, new: Window, finding: Finding) -> int:
    """1 for better, -1 for worse, 0 for neither."""
    if new.facts.task == TASK:
        return _samples(before, new)
    if finding.symptom in HELD_OUT:
        was, now = (_finite(w.evaluated("val_loss"))[-EVALUATIONS:] for w in (before, new))
        if not len(was) or not len(now):
            return 0
        return _sign(float(np.median(was)), float(np.median(now)), 0.0)
    was, now = _finite(before.loss)[-2 * ROWS :], _finite(new.loss)[-ROWS:]
    if len(was) < LEAST:
        # nothing finite to compare with: that there is a loss at all decides elsewhere
        return 0
    half = len(was) // 2
    early, late = was[:half], was[-half:]
    slope = (float(np.median(late)) - float(np.median(early))) / half
    # how far a run that was falling anyway would have come by the middle of what is new
    middle = len(_finite(new.loss)) - len(now) / 2
    heading = float(np.median(late)) + min(slope, 0.0) * (middle + half / 2)
    error = np.sqrt(_spread(late) ** 2 / len(late) + _spread(now) ** 2 / len(now)) * 1.25
    level = float(np.median(now))
    worse = _sign(float(np.median(late)), level, ERRORS * float(error)) < 0
    return -1 if worse else max(_sign(heading, level, ERRORS * float(error)), 0)


def _sign(was: float, now: float, noise: float) -> int:
    if now < was - max(GAIN * abs(was), noise):
        return 1
    return -1 if now > was + max(LOSS * abs(was), noise) else 0


def _samples(before: Window, new: Window) -> int:
    """By the modes found, then by the share of good samples."""
    change = 0.0
    for name, least in (("val_modes", 1.0), ("val_quality", BETTER_SAMPLES)):
        was, now = (_finite(w.evaluated(name))[-EVALUATIONS:] for w in (before, new))
        if not len(was) or not len(now):
            continue
        change = float(np.median(now)) - float(np.median(was))
        if abs(change) >= least:
            return 1 if change > 0 else -1
    return 0


def _finite(values: Array) -> Array:
    return values[np.isfinite(values)]


def _spread(values: Array) -> float:
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
