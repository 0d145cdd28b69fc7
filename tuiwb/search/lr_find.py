"""What a range test's curves come to: suggestions, why there are none, and the settings to make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

from tuiwb.base.format import number
from tuiwb.base.short_runs import ShortRun
from tuiwb.search.suggestions import (
    FEWEST,
    Suggestion,
    Values,
    finite,
    smoothed,
    suggestions,
)
from tuiwb.spec import Resolved

RATE = "optim.lr"


@dataclass(frozen=True)
class Reading:
    """One curve, read. ``turn`` is empty where a step has one turn."""

    turn: str
    lrs: Sequence[float]
    losses: Sequence[float | None]
    ended: str
    """Why it ended before the highest rate; empty where it did not."""
    found: tuple[Suggestion, ...]
    silent: str
    """Why nothing is suggested; empty where something is."""
    runs: Sequence[ShortRun] = ()
    """In the order in which they were made."""

    def smooth(self) -> tuple[Values, Values]:
        """Rates and the running mean of the losses there."""
        rates, values = finite(self.lrs, self.losses)
        return rates, smoothed(rates.tolist(), values.tolist())

    def ends(self) -> list[tuple[float, float | None]]:
        """Rate of each short run and the loss that it came to; None where it was lost."""
        return [(run.lr, _plain(run.loss)) for run in self.runs]

    def as_dict(self) -> dict[str, Any]:
        return {
            "turn": self.turn,
            "lrs": list(self.lrs),
            "losses": list(self.losses),
            "ended": self.ended,
            "runs": [
                {"lr": lr, "loss": loss, "losses": list(map(_plain, run.losses))}
                for (lr, loss), run in zip(self.ends(), self.runs, strict=True)
            ],
            "suggestions": {one.name: {"lr": one.lr, "loss": one.loss} for one in self.found},
            "silent": self.silent,
        }


def read(curves: Sequence[Mapping[str, Any]], preset: str) -> list[Reading]:
    """A worker's curves, read."""
    readings = []
    for curve in curves:
        lrs, losses, ended = curve["lrs"], curve["losses"], str(curve["ended"])
        runs = [_run(run["lr"], run["losses"]) for run in curve["runs"]]
        found = tuple(suggestions(lrs, losses, runs))
        silent = "" if found else _why(lrs, losses, ended, preset)
        readings.append(Reading(str(curve["turn"]), lrs, losses, ended, found, silent, runs))
    return readings


def _run(lr: float, losses: Sequence[float | None]) -> ShortRun:
    return ShortRun(lr, [nan if loss is None else loss for loss in losses])


def _plain(loss: float) -> float | None:
    return loss if isfinite(loss) else None


def _why(lrs: Sequence[float], losses: Sequence[float | None], ended: str, preset: str) -> str:
    """Why a curve suggests nothing, and what to do next."""
    whole = sum(loss is not None for loss in losses)
    check = f"tuiwb check {preset} looks for what is wrong"
    if not whole:
        return f"the loss is not finite from the first rate on, {number(lrs[0], 3)}: {check}"
    if whole < FEWEST:
        return f"{ended} already, after {whole} steps: take a lower --low, or more --steps"
    return (
        f"the loss does not fall anywhere from {number(lrs[0], 3)} to {number(lrs[-1], 3)}: "
        f"try a higher --high or more --steps, or {check}"
    )


def settings(resolved: Resolved, readings: Sequence[Reading]) -> dict[str, dict[str, float]]:
    """Rule -> the knobs to set. ``optim.lr`` is the rate of the turn that takes it as it is; the
    other turns' rates are factors of it, each a knob of the task. A rule that has nothing to say
    of a turn leaves that turn's rate as the spec has it."""
    factors = resolved.spec.task.rates
    rules = dict.fromkeys(one.name for reading in readings for one in reading.found)
    made = {}
    for rule in rules:
        rates = {r.turn: one.lr for r in readings for one in r.found if one.name == rule}
        own = [lr for turn, lr in rates.items() if turn not in factors]
        base = rounded(own[0]) if own else float(resolved.get(RATE))
        made[rule] = {RATE: base} if own else {}
        for turn, knob in factors.items():
            key = f"task.{knob}"
            if turn in rates:
                made[rule][key] = rounded(rates[turn] / base)
            elif own and any(r.turn == turn for r in readings):
                # its rate is a factor of the one that changes: the factor keeps it where it is
                made[rule][key] = rounded(resolved.get(key) * float(resolved.get(RATE)) / base)
    return made


def rounded(rate: float) -> float:
    """To the two digits that a range test can tell apart at best."""
    return float(f"{rate:.2g}")
