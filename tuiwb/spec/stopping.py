"""A condition on an evaluation that ends a run: ``val_loss < 0.05``."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_FORM = re.compile(r"\s*([A-Za-z_]\w*)\s*(<=|>=|<|>)\s*(\S+)\s*")
EXAMPLES = "val_loss < 0.05 or val_accuracy >= 0.95"


@dataclass(frozen=True)
class Condition:
    """A metric, a sign and a level."""

    metric: str
    sign: str
    level: float

    def met(self, value: float) -> bool:
        """Whether a value of the metric meets it; one that is not a number never does."""
        return _SIGNS[self.sign](value, self.level)


def parse(text: str) -> Condition:
    """The condition that a person wrote; `ValueError` with the reason where it is none."""
    parts = _FORM.fullmatch(text)
    if parts is None:
        raise ValueError(f"stop_when = {text!r} is no condition such as {EXAMPLES}")
    try:
        level = float(parts[3])
    except ValueError:
        level = math.nan
    if not math.isfinite(level):
        raise ValueError(f"stop_when = {text!r}: {parts[3]!r} is no number")
    return Condition(parts[1], parts[2], level)
