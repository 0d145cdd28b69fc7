"""Asking the rules on steps and evaluations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tuiwb.doctor.examine import SYMPTOMS
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.window import Window

MINE = (
    "loss-spike", "divergence", "non-finite", "lr-too-high", "lr-too-low", "exploding-gradient",
    "bad-initial-loss", "overfitting", "plateau", "underfit", "train-eval-disagreement",
    "suspicious-validation", "mode-collapse", "overpowering-discriminator",
)  # fmt: skip


def ask(name: str, window: Window) -> Finding | None:
    found: Finding | None = SYMPTOMS.load(name).rule(window)
    return found


def spoken(window: Window) -> list[str]:
    return [name for name in MINE if ask(name, window) is not None]


def with_spec(window: Window, changed: Mapping[str, Any], **facts: Any) -> Window:
    spec = {**window.facts.spec, **changed}
    return replace(window, facts=replace(window.facts, spec=spec, **facts))
