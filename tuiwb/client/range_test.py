"""The learning-rate range test of a spec, asked of a worker that is started for it; its steps are
told as they come. What cannot be tested is refused before any worker is started."""

from __future__ import annotations

import json
import math

from tuiwb.base.errors import UserError
from tuiwb.base.format import number
from tuiwb.base.rates import FEWEST, HIGH, LARGEST, LOW, MOST, STEPS
from tuiwb.client.process import Command
from tuiwb.client.question import Question
from tuiwb.spec import Resolved, to_toml


class RangeTest(Question):
    """One test: ``{curves: [{turn, factor, lrs, losses, ended, runs: [{lr, losses}]}]}``. Each step
    is told as ``{turn, lr, loss, run}``, with a ``run`` of 0 in the climb."""

    def __init__(
        self,
        resolved: Resolved,
        low: float = LOW,
        high: float = HIGH,
        steps: int = STEPS,
        command: Command | None = None,
    ) -> None:
        """Raises a `UserError` for rates or steps that are no test, and for a task in which no
        rate is better than another."""
        check(resolved, low, high, steps)
        self.low, self.high, self.steps = low, high, steps
        asked = json.dumps({"low": low, "high": high, "steps": steps})
        super().__init__("--lr-find", f"{asked}\n{to_toml(resolved)}", "step", command)


def check(resolved: Resolved, low: float, high: float, steps: int) -> None:
    """Raise a `UserError` for the first reason against this test."""
    for option, rate in (("--low", low), ("--high", high)):
        if not (math.isfinite(rate) and 0 < rate <= LARGEST):
            raise UserError(
                "a learning rate is a number above 0",
                where=option,
                found=number(rate),
                allowed=f"above 0, at most {number(LARGEST)}",
            )
    if not low < high:
        raise UserError(
            "the test goes from a low rate to a higher one",
            where="--low, --high",
            found=f"from {number(low)} to {number(high)}",
            allowed="--low below --high",
            next=f"without them, it goes from {number(LOW)} to {number(HIGH)}",
        )
    if not FEWEST <= steps <= MOST:
        raise UserError(
            "too few steps for a curve" if steps < FEWEST else "more steps than a test is worth",
            where="--steps",
            found=str(steps),
            allowed=f"{FEWEST} to {MOST}; {STEPS} are usual",
        )
    task = resolved.spec.task
    if task.any_rate:
        raise UserError(
            f"the task {task.name!r} has no learning rate to find",
            where="task.name",
            found=f"{task.name}: {task.any_rate}",
            allowed="tasks that follow the gradient of a loss",
        )
