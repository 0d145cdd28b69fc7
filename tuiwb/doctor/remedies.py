"""Remedies in keys that the run's spec has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuiwb.doctor.finding import Remedy, Tier
from tuiwb.doctor.window import Window


def remedy(window: Window, tier: Tier, change: Mapping[str, Any], words: str) -> Remedy:
    """``change`` without the keys that this run's spec lacks, or has at this very value; ``words``
    say what to do in either case."""
    spec = window.facts.spec
    kept = {k: v for k, v in change.items() if k in spec and spec[k] != v}
    return Remedy(tier, kept, words)


def clipping(window: Window, at: float) -> dict[str, float]:
    """The change that clips gradients at this norm; none where a lower one is in force."""
    now = window.facts.number("train.clip_norm")
    return {} if 0 < now <= at else {"train.clip_norm": tidy(at)}


def wider(window: Window) -> dict[str, Any]:
    """The change that makes a network twice as wide, by whichever knob sets its width."""
    spec = window.facts.spec
    hidden = spec.get("model.hidden")
    if isinstance(hidden, list | tuple) and not spec.get("model.layers"):
        return {"model.hidden": [2 * units for units in hidden] or [64]}
    width = spec.get("model.width")
    return {"model.width": 2 * width} if isinstance(width, int) else {}


def tidy(value: float) -> float:
    """A number to put into a spec: two digits that count."""
    return float(f"{value:.2g}")
