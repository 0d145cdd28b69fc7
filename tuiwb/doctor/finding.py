"""What a rule says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["warning", "alarm"]
Tier = Literal["hot", "branch", "restart"]


@dataclass(frozen=True)
class Remedy:
    """A concrete change of the spec, and what it takes to apply it."""

    tier: Tier
    """hot: to the running worker; branch: from a checkpoint; restart: a run of its own."""
    change: Mapping[str, Any]
    """Spec key -> new value; empty where no knob helps and ``words`` say what does."""
    words: str = ""


@dataclass(frozen=True)
class Finding:
    """A named symptom with its evidence, its causes in order of likelihood, and a remedy."""

    symptom: str
    severity: Severity
    step: int
    """Where it begins."""
    until: int
    """The last step that shows it."""
    evidence: Mapping[str, Any]
    """Numbers, each beside its threshold; ``series``: columns to draw, of the steps, of the
    evaluations, or ``layers.COLUMN``; ``layers``: names of those that show it."""
    causes: tuple[str, ...]
    """In the order data, initialisation, learning rate, optimiser, architecture."""
    remedy: Remedy
    source: str
    """Where the rule comes from."""
    words: str = ""
    """The finding in one line, for the screen and the log."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready fields."""
        return asdict(self)
