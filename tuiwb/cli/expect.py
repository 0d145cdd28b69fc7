"""Did a run reach what its preset promises? The verdict that `run`, `show` and `verify` print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tuiwb.base.format import number
from tuiwb.client.better import less_is_better
from tuiwb.spec.sections import Expect


@dataclass(frozen=True)
class Verdict:
    """One metric held against its target and, where the preset names one, a baseline."""

    metric: str
    target: float | None
    at_least: bool
    """Whether more is better."""
    value: float | None
    baseline: str
    met: bool

    @property
    def target_words(self) -> str:
        return (
            "-"
            if self.target is None
            else f"{'>=' if self.at_least else '<='} {number(self.target)}"
        )

    def as_dict(self) -> dict[str, object]:
        """The verdict as ``--json`` gives it."""
        return {"metric": self.metric, "target": self.target, "value": self.value, "met": self.met}


def judge(expect: Expect, metrics: Mapping[str, float], baselines: Mapping[str, float]) -> Verdict:
    """Hold the final ``metrics`` to what ``expect`` asks: all of its bounds, and its baseline.

    A NaN or a missing metric never meets a target.
    """
    value = metrics.get(expect.metric)
    beaten = baselines.get(expect.beats)
    fixed = expect.at_least if expect.at_least is not None else expect.at_most
    at_least = expect.at_least is not None or (
        expect.at_most is None and not less_is_better(expect.metric)
    )
    # a baseline that is to be beaten and was not computed stays in as None, and is not beaten
    bounds = [fixed] if fixed is not None or not expect.beats else []
    bounds += [beaten] if expect.beats else []
    met = value is not None and all(
        bound is not None and (value >= bound if at_least else value <= bound) for bound in bounds
    )
    baseline = expect.baseline if beaten is None else f"{expect.beats} {number(beaten)}"
    return Verdict(expect.metric, bounds[0], at_least, value, baseline, met)
