"""What a rule sees, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

Severity = Literal["warning", "alarm"]


@dataclass(frozen=True)
class Window:
    """The recent past of a run. Arrays of equal length, one entry per step, oldest first."""

    step: np.ndarray
    loss: np.ndarray
    lr: np.ndarray
    grad_norm: np.ndarray
    nonfinite: np.ndarray
    best_loss: float = np.inf
    """Lowest smoothed loss since the run began, the window's own past included."""

    def __len__(self) -> int:
        return len(self.step)


@dataclass(frozen=True)
class Remedy:
    """A concrete change of the spec, and what it takes to apply it."""

    tier: Literal["hot", "branch", "restart"]
    change: Mapping[str, Any]
    words: str = ""


@dataclass(frozen=True)
class Finding:
    """A named symptom with its evidence, its causes in order of likelihood, and a remedy."""

    symptom: str
    severity: Severity
    step: int
    until: int
    evidence: Mapping[str, Any]
    causes: tuple[str, ...]
    remedy: Remedy
    source: str
    words: str = field(default="")
    """The finding in one line, for the screen and the log."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready fields."""
        return asdict(self)
