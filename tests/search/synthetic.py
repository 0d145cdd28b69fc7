"""Trials that are no runs: each is a curve that a function of its settings gives, a step a look."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import msgspec

from tuiwb.run.journal import Journal, events
from tuiwb.search import sweep as sweeps
from tuiwb.search.controller import Controller
from tuiwb.search.ledger import Ledger
from tuiwb.search.places import SweepPaths, create
from tuiwb.search.pruners import PRUNERS
from tuiwb.search.runner import Refused, Seen
from tuiwb.search.samplers import Sampler
from tuiwb.search.space import Space
from tuiwb.search.sweep import Sweep

STEPS = 8
Curve = Callable[[dict[str, str]], Sequence[float]]


def bowl(settings: dict[str, str]) -> list[float]:
    """Least at a learning rate of 0.01; falls to its end with the steps."""
    end = (math.log10(float(settings["optim.lr"])) + 2) ** 2
    return [end + 1 / step for step in range(1, STEPS + 1)]


@dataclass
class Synthetic:
    """A runner whose trials live in this object, as runs do in their folder: it outlives a
    controller. `script` replaces what a trial looks like after some looks."""

    curve: Curve = bowl
    script: dict[int, list[Seen]] = field(default_factory=dict)
    refused: frozenset[int] = frozenset()
    begun: dict[int, dict[str, str]] = field(default_factory=dict)
    looks: dict[int, int] = field(default_factory=dict)
    stopped: dict[int, str] = field(default_factory=dict)
    resumed: list[int] = field(default_factory=list)
    live: set[int] = field(default_factory=set)
    slow: bool = False
    """Whether it is ready only every second time that it is asked."""
    asked_whether: int = 0
    most: int = 0
    """Trials that were live at a time."""

    def adopt(self, number: int) -> bool:
        return number in self.begun

    def ready(self) -> bool:
        self.asked_whether += 1
        return self.asked_whether % 2 == 0 or not self.slow

    def launch(self, trials: Sequence[tuple[int, Sequence[str]]]) -> None:
        for number, settings in trials:
            if number in self.refused:
                raise Refused(number, "its knobs contradict each other")
            assert number not in self.begun, f"trial {number} is trained twice"
            self.begun[number] = dict(text.split("=", 1) for text in settings)
            self.looks[number] = 0
            self.live.add(number)
        self.most = max(self.most, len(self.live))

    def look(self, number: int) -> Seen:
        self.looks[number] += 1
        return replace(self._seen(number), resumed=self.resumed.count(number))

    def _seen(self, number: int) -> Seen:
        at = self.looks[number]
        if number in self.script:
            return self.script[number][min(at, len(self.script[number]) - 1)]
        values = self.curve(self.begun[number])
        shown = [(step, values[step - 1]) for step in range(1, min(at, len(values)) + 1)]
        known = ("val_loss", "val_accuracy", "loss") if shown else None
        seen = Seen("training", len(shown), len(shown) / 10, shown, known)
        if number in self.stopped:
            return replace(seen, state="stopped")
        if len(shown) < len(values):
            return seen
        return replace(seen, state="finished", result=values[-1])

    def stop(self, number: int, why: str) -> None:
        self.stopped[number] = why

    def resume(self, number: int) -> None:
        self.resumed.append(number)
        self.stopped.pop(number, None)
        self.live.add(number)
        self.most = max(self.most, len(self.live))

    def forget(self, number: int) -> None:
        assert number in self.begun or number in self.refused
        self.live.discard(number)


ASKED = Sweep("mlp-digits", ("optim.lr=log:1e-4:1", "model.width=16,32,64"), trials=12,
              sampler="random", jobs=3, seed=5)  # fmt: skip


def asked(**changes: object) -> Sweep:
    """A sweep like `ASKED`."""
    return msgspec.structs.replace(ASKED, **changes)


@cache
def checked(sweep: Sweep) -> Space:
    """The space, which takes most of the time of a test."""
    return sweeps.check(sweep)[1]


def begin(runs: Path, sweep: Sweep, name: str | None = None) -> SweepPaths:
    return create(runs, sweep, name)


def controller(
    paths: SweepPaths,
    runner: Synthetic,
    told: list[str] | None = None,
    *,
    jobs: int = 0,
    retry_failed: bool = False,
) -> Controller:
    """A controller as a process that has just started would have it."""
    sweep = sweeps.read_sweep(paths.sweep)
    over = checked(sweep)
    ledger = Ledger()
    for event in events(paths.journal):
        ledger.add(event)
    sampler = Sampler(
        sweep.sampler, over, sweep.trials, sweep.seed, falling=sweep.falling, apart=True,
        pruner=PRUNERS[sweep.pruner](1, STEPS),
    )  # fmt: skip
    say = told.append if told is not None else lambda words: None
    return Controller(
        sweep, sampler, runner, Journal(paths.journal), ledger, jobs or sweep.jobs, say,
        retry_failed,
    )  # fmt: skip


def conducted(
    paths: SweepPaths,
    runner: Synthetic,
    told: list[str] | None = None,
    *,
    jobs: int = 0,
    retry_failed: bool = False,
) -> Controller:
    """A sweep taken to its end."""
    made = controller(paths, runner, told, jobs=jobs, retry_failed=retry_failed)
    made.run(sleep=lambda seconds: None)
    return made
