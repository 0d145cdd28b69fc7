"""The doctor's rounds on a run after the fact, from what its folder holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from tuiwb.doctor.examine import examine
from tuiwb.doctor.facts import facts, knobs, told
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.looking_back import ROUNDS, LookingBack
from tuiwb.doctor.window import AGAIN, Facts, Window
from tuiwb.run.view import RunView

__all__ = ["ROUNDS", "diagnose", "windows"]


def diagnose(view: RunView) -> list[Finding]:
    """Every finding of the run, in the order of their steps; one that lasts is told once, from the
    first window that shows it to the last."""
    found: list[Finding] = []
    newest: dict[str, int] = {}
    for window in windows(view):
        for finding in examine(window):
            at = newest.get(finding.symptom)
            if at is not None and finding.step <= found[at].until + AGAIN:
                found[at] = dataclasses.replace(found[at], until=finding.until)
                continue
            newest[finding.symptom] = len(found)
            found.append(finding)
    return sorted(found, key=lambda finding: finding.step)


def windows(view: RunView) -> Iterator[Window]:
    """What the doctor would have seen at `ROUNDS` moments of the run, the last at its end."""
    past = LookingBack(view, _facts(view))
    best = np.inf
    for stop in past.moments():
        best = min(best, past.smoothed(stop))
        yield past.window(stop, best)


def _facts(view: RunView) -> Facts:
    model = next((e for e in reversed(view.events) if e.get("kind") == "model"), None)
    if view.spec is not None:
        spec = knobs(view.spec.spec)
    else:
        spec = told(view.meta.get("hparams"), model, view.data)
    return facts(spec, model, view.data)
