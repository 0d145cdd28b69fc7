"""The doctor's rounds: every second the recent rows are shown to every rule."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from tuiwb.base.errors import UserError
from tuiwb.doctor.examine import examine, rules
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.window import (
    AGAIN,
    EVALS,
    LAYERS,
    RANKS,
    SMOOTH,
    STEPS,
    SYSTEM,
    Columns,
    Facts,
    Window,
    columns,
)
from tuiwb.engine.interfaces import Stopped
from tuiwb.worker.outcomes import Applied, symptom_of
from tuiwb.worker.past import Past, rows
from tuiwb.worker.recent import Recent

EVERY = 1.0
"""Seconds between rounds, at least."""
FIRST = 50
"""A round is also made after so many steps, after twice as many, and so on: what goes wrong goes
wrong early, and tiny nets take a thousand steps a second."""
SHARE = 0.005
"""Share of the time that rounds may take; slow rules are asked less often."""
_NO_ROWS = np.dtype([("step", "<i8")])


class StoppedByDoctor(UserError):
    """A finding that `train.stop_on` names has ended the run."""

    exit_code = 3

    def __init__(self, finding: Finding) -> None:
        super().__init__(
            f"stopped by the doctor: {finding.symptom}",
            where="train.stop_on",
            found=finding.words,
            next=finding.remedy.words or "tuiwb doctor shows the evidence",
        )


class Rounds:
    """Keeps the window, asks the rules, and journals each finding once.

    ``facts`` are put in by whoever knows the run, before the first step.
    """

    def __init__(self, event: Callable[..., Any], stop_on: Collection[str] = ()) -> None:
        rules()  # imported before the first step, not at the first round
        self._event = event
        self._stop_on = frozenset(stop_on)
        self.facts = Facts()
        self.share = SHARE
        """Share of the time that rounds may take; less where several runs share a process."""
        self.stopped = False
        """Whether a finding has ended the run."""
        self.heed: Callable[[int], None] = lambda step: None
        """Told of each new finding, with the step that it began at."""
        self.found: list[Finding] = []
        """What the last round found."""
        self.steps = Recent(STEPS, _NO_ROWS)
        self.layers = Recent(LAYERS, _NO_ROWS)
        self.system = Recent(SYSTEM, _NO_ROWS)
        self.ranks = Recent(RANKS, _NO_ROWS)
        self._evals: deque[dict[str, float]] = deque(maxlen=EVALS)
        self._first_loss = np.nan
        self._first_layers: Columns = {}
        self._best = np.inf
        self._next_round = 0.0
        self._early = FIRST
        self._reported: dict[str, int] = {}
        self._known: dict[str, Finding] = {}
        self._applied: list[Applied] = []
        self._past: Past | None = None

    def recall(self, past: Past) -> None:
        """Go on from before a resume: nothing is said twice. Before the first row of any table."""
        self._past, window = past, past.window
        self.system.add(rows(window.system, self.system.dtype))
        names = list(window.evals)
        self._evals.extend(
            dict(zip(names, map(float, row), strict=True))
            for row in zip(*window.evals.values(), strict=True)
        )
        self._first_loss, self._first_layers = window.first_loss, window.first_layers
        self._best = window.best_loss
        self._known = dict(past.known)
        self._reported = {symptom: finding.until for symptom, finding in past.known.items()}
        self._applied = list(past.applied)

    def begin(self, steps: np.dtype[Any], layers: np.dtype[Any]) -> None:
        """The columns of the steps and of the layers, before the first row."""
        self.steps = Recent(STEPS, steps)
        self.layers = Recent(LAYERS, layers)
        if self._past is not None:
            window = self._past.window
            self.steps.add(rows(window.steps, steps))
            self.layers.add(rows(window.layers, layers))
            for finding in examine(window):
                # one that lasts since before is no new one
                if (seen := self._reported.get(finding.symptom)) is not None:
                    self._reported[finding.symptom] = max(seen, finding.until)

    def take(self, taken: np.ndarray) -> None:
        """Take in rows of the steps; now and then, and at once where one is sick, make a round."""
        if not self.steps.count:
            self._first_loss = float(taken["loss"][0])
        self.steps.add(taken)
        now = float(taken["time"][-1])
        sick = "non-finite" not in self._reported and taken["nonfinite"].any()
        if now >= self._next_round or self.steps.count >= self._early or sick:
            began = perf_counter()
            self.make(now)
            self._next_round = now + max(EVERY, (perf_counter() - began) / self.share)
            self._early = max(FIRST, 2 * self.steps.count)

    def layer(self, row: np.ndarray) -> None:
        """Take in one row of the layers."""
        self.layers.add(row)
        if self.layers.count == 1:
            self._first_layers = {
                name: row[name][0].astype(float) for name in (row.dtype.names or ())[2:]
            }

    def rank(self, row: np.ndarray) -> None:
        """Take in one row of what a step costs each process."""
        if row.dtype != self.ranks.dtype:
            self.ranks = Recent(RANKS, row.dtype)
        self.ranks.add(row)

    def evaluation(
        self, step: int, time: float, metrics: Mapping[str, float], eval_mode_loss: float
    ) -> None:
        """Take in one evaluation."""
        recent = self.steps.rows()
        since = self._evals[-1]["step"] if self._evals else 0
        losses = recent["loss"][recent["step"] > since] if len(recent) else np.empty(0)
        train_loss = float(np.median(losses)) if len(losses) else np.nan
        self._evals.append(
            {"step": step, "time": time, **metrics}
            | {"train_loss": train_loss, "eval_mode_loss": eval_mode_loss}
        )

    def make(self, now: float) -> None:
        """Examine the window and journal what is new."""
        window = self.window(now)
        if len(window) >= SMOOTH:
            self._best = min(self._best, float(np.median(window.loss[-SMOOTH:])))
        self.found = examine(window)
        for finding in self.found:
            seen = self._reported.get(finding.symptom)
            if seen is None or finding.step > seen + AGAIN:
                fields = finding.as_dict()
                self._event("finding", fields.pop("step"), **fields)
                self.heed(finding.step)
                if finding.symptom in self._stop_on and not self.stopped:
                    self._stop(finding)
            self._reported[finding.symptom] = finding.until
            self._known[finding.symptom] = finding
        self._follow_up(window)

    def set(self, step: int, settings: Mapping[str, Any], by: str, now: float) -> None:
        """Knobs have been set at ``step``: the rules go by them from now on, and where a remedy
        was applied it is watched what comes of it."""
        finding = self._known.get(symptom_of(by))
        judged = self._past.judged if self._past is not None else frozenset()
        if finding is not None and (finding.symptom, step) not in judged:
            self._applied = [a for a in self._applied if a.finding.symptom != finding.symptom]
            self._applied.append(Applied(finding, self.window(now), step, dict(settings)))
        self.facts = replace(self.facts, spec={**self.facts.spec, **settings})

    def _follow_up(self, window: Window, last: bool = False) -> None:
        for applied in list(self._applied):
            verdict = applied.verdict(window, last)
            if verdict is None:
                continue
            self._applied.remove(applied)
            step = int(window.step[-1])
            symptom, change = applied.finding.symptom, dict(applied.change)
            self._event(
                "outcome", step, symptom=symptom, verdict=verdict, since=applied.step, change=change
            )

    def _stop(self, finding: Finding) -> None:
        """The spec asks to end here: raises `Stopped`, with the reason as an error in the journal,
        so that every reader learns of it."""
        self.stopped = True
        self._event("error", finding.until, **StoppedByDoctor(finding).as_dict())
        raise Stopped(f"the doctor found {finding.symptom} at step {finding.step}")

    def last(self, now: float) -> None:
        """The round at the end, whatever came of it: a short run may have had no other."""
        self._stop_on = frozenset()
        self.make(now)
        self._follow_up(self.window(now), last=True)

    def window(self, now: float) -> Window:
        """What the rules see."""
        names = dict.fromkeys(name for row in self._evals for name in row)
        return Window(
            steps=columns(self.steps.rows()),
            evals={
                name: np.array([row.get(name, np.nan) for row in self._evals]) for name in names
            },
            layers=columns(self.layers.rows()),
            system=columns(self.system.rows()),
            ranks=columns(self.ranks.rows()),
            facts=self.facts,
            first_loss=self._first_loss,
            first_layers=self._first_layers,
            best_loss=self._best,
            now=now,
        )
