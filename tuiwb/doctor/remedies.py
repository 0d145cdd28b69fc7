"""Remedies in keys that the run's spec has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuiwb.doctor.finding import Remedy, Tier
from tuiwb.doctor.window import Window


def remedy(window: Window, tier: Tier, change: Mapping[str, Any], words: str) -> Remedy:
    """``change`` without the keys that this run's spec lacks; ``words`` say what to do in either
    case."""
    spec = window.facts.spec
    return Remedy(tier, {key: value for key, value in change.items() if key in spec}, words)


def tidy(value: float) -> float:
    """A number to put into a spec: two digits that count."""
    return float(f"{value:.2g}")
