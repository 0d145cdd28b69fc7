"""Asking every rule about a window."""

from __future__ import annotations

from tuiwb.base.registry import Shelf
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.window import Window

SYMPTOMS = Shelf("doctor/symptoms", "symptom", declares="\ndef rule(")


def examine(window: Window) -> list[Finding]:
    """What all rules find in ``window``, alarms first."""
    if not len(window):
        return []
    found = [SYMPTOMS.load(name).rule(window) for name in SYMPTOMS.names()]
    return sorted(
        (finding for finding in found if finding is not None),
        key=lambda finding: (finding.severity != "alarm", finding.step),
    )
