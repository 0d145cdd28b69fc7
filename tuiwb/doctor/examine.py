"""Asking every rule about a window."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from tuiwb.base.registry import Shelf
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.window import Window

SYMPTOMS = Shelf("doctor/symptoms", "symptom", declares="\ndef rule(")


@cache
def rules() -> tuple[Callable[[Window], Finding | None], ...]:
    """Every symptom's rule; the first call imports them, which takes longer than many rounds."""
    return tuple(SYMPTOMS.load(name).rule for name in SYMPTOMS.names())


def examine(window: Window) -> list[Finding]:
    """What all rules find in ``window``, alarms first."""
    if not len(window):
        return []
    found = [rule(window) for rule in rules()]
    return sorted(
        (finding for finding in found if finding is not None),
        key=lambda finding: (finding.severity != "alarm", finding.step),
    )
