"""What a check found, with its numbers beside the limits that they were held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["passed", "failed", "does not apply"]


@dataclass(frozen=True)
class Result:
    """One check's answer."""

    state: State
    words: str
    """The finding in a line; of a check that does not apply, the reason."""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """What was measured, by name."""
    limits: Mapping[str, str] = field(default_factory=dict)
    """What was allowed, for some of ``numbers``, such as ``<= 9.2``."""
    causes: Sequence[str] = ()
    """Of a failure, the likeliest first."""
    remedy: str = ""
    names: Sequence[str] = ()
    """Parameters or layers that it is about."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "state": self.state,
            "words": self.words,
            "numbers": {name: float(value) for name, value in self.numbers.items()},
            "limits": dict(self.limits),
            "causes": list(self.causes),
            "remedy": self.remedy,
            "names": list(self.names),
        }


def inapplicable(why: str, **numbers: float) -> Result:
    """The check has nothing to say of this spec."""
    return Result("does not apply", why, numbers)
