"""What a sweep's journal adds up to: its trials, what became of each, the best so far.

The controller writes events, and so may be killed at any of them:
  sweep       uid, folder                 once, with the folder
  controller  state: started | finished | halted | failed, error?
  asked       trial, values, settings     before its run is made
  value       trial, at, value            an evaluation of it
  pruned      trial, at, by, reason       the decision; the stop command follows
  halted      trial                       it is stopped until somebody goes on with the sweep
  resumed     trial                       it is to go on from a checkpoint: stopped, or killed
  reopened    trial                       it had failed, and is to be trained once more
  ended       trial, state, value, at, seconds, reason, killed, resumed
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tuiwb.base.errors import UserError
from tuiwb.run.journal import JournalTail
from tuiwb.run.lock import holder
from tuiwb.search.places import SweepPaths
from tuiwb.search.space import Value
from tuiwb.search.sweep import Sweep, read_sweep

RUNNING = "running"
FAILED = "failed"
ENDS = ("complete", "pruned", "diverged", FAILED, "stopped")
"""States of a trial that is decided; only a complete one has a result."""


@dataclass
class Record:
    """One trial, from 1. ``state`` is `RUNNING` until it is one of `ENDS`."""

    number: int
    values: Mapping[str, Value]
    settings: tuple[str, ...]
    asked: float
    state: str = RUNNING
    value: float | None = None
    reports: list[tuple[int, float]] = field(default_factory=list)
    step: int = 0
    seconds: float = 0.0
    reason: str = ""
    by: str = ""
    """Who pruned it: a pruner's name, or ``doctor``."""
    resumed: int = 0
    """How often it was to go on from a checkpoint; once it is decided, how often it did: a worker
    may have been late only, or its controller killed before it came to that."""
    halted: bool = False
    """Whether its sweep stopped it, to go on with it later."""
    killed: bool = False
    """Of one that has failed: whether its worker was killed, and not its settings at fault."""
    reopened: bool = False
    """Whether it had failed and is to be trained once more."""
    ended: float | None = None

    @property
    def last(self) -> float | None:
        """Its value, or while it has none the last that was reported."""
        return (
            self.value if self.value is not None else self.reports[-1][1] if self.reports else None
        )


class Ledger:
    """The fold of a sweep's journal; feed it events in order. Odd ones are passed by."""

    def __init__(self) -> None:
        self.trials: dict[int, Record] = {}
        self.uid = self.folder = self.state = ""
        self.error: Mapping[str, Any] | None = None
        self.began: float | None = None
        self.lives = 0
        """How many controllers there have been."""
        self.time = 0.0
        self.busy = 0.0
        """Seconds in which a controller was there."""
        self._since: float | None = None

    def add(self, event: Mapping[str, Any]) -> None:
        """Take in one event as the journal gave it."""
        number, step = event.get("trial"), event.get("at")
        record = self.trials.get(number) if isinstance(number, int) else None
        at = step if isinstance(step, int) else 0
        if event["kind"] == "controller":
            self._controller(event)
        elif self._since is not None:
            self.busy += max(0.0, event["time"] - self.time)
        self.time = max(self.time, event["time"])
        match event["kind"]:
            case "sweep":
                self.uid, self.folder = str(event.get("uid", "")), str(event.get("folder", ""))
                self.began = event["time"]
            case "asked" if isinstance(number, int) and record is None:
                values, settings = event.get("values"), event.get("settings")
                if isinstance(values, dict) and isinstance(settings, list):
                    texts = tuple(map(str, settings))
                    self.trials[number] = Record(number, values, texts, event["time"])
            case "value" if record is not None:
                record.reports.append((at, _number(event.get("value"))))
            case "pruned" if record is not None:
                record.by, record.reason = str(event.get("by", "")), str(event.get("reason", ""))
            case "resumed" if record is not None:
                record.resumed += 1
                record.halted = record.reopened = False
            case "reopened" if record is not None:
                record.state, record.reason, record.ended = RUNNING, "", None
                record.killed, record.reopened = False, True
            case "halted" if record is not None:
                record.halted = True
            case "ended" if record is not None and event.get("state") in ENDS:
                record.state, record.step, record.ended = event["state"], at, event["time"]
                value = event.get("value")
                record.value = None if value is None else _number(value)
                record.seconds = max(0.0, _number(event.get("seconds")))
                record.reason = str(event.get("reason", ""))
                record.killed, record.reopened = event.get("killed") is True, False
                did = event.get("resumed")
                record.resumed = did if isinstance(did, int) else record.resumed

    def _controller(self, event: Mapping[str, Any]) -> None:
        self.state = str(event.get("state", ""))
        error = event.get("error")
        self.error = error if isinstance(error, dict) else None
        if self.state == "started":
            self.lives += 1
            self._since = event["time"]
        elif self._since is not None:
            self.busy += max(0.0, event["time"] - self.time)
            self._since = None

    def over(self) -> list[Record]:
        """Trials that are decided, in the order of their numbers."""
        return [record for record in self.trials.values() if record.state != RUNNING]


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


@dataclass(frozen=True, eq=False)
class SweepView:
    """A sweep at one moment."""

    paths: SweepPaths
    sweep: Sweep
    trials: Sequence[Record]
    """In the order of their numbers."""
    state: str
    """running, finished, halted, failed, or killed (the controller has gone without a word)."""
    error: Mapping[str, Any] | None
    busy: float
    """Seconds in which a controller was there."""
    size: int
    """Trials that there will be."""

    @property
    def best(self) -> Record | None:
        """The complete trial with the best value, the first of equals."""
        return best_of(self.trials, self.sweep.falling)

    @property
    def over(self) -> int:
        """How many trials are decided."""
        return sum(record.state != RUNNING for record in self.trials)

    @property
    def steps(self) -> int:
        """Steps that all decided trials took."""
        return sum(record.step for record in self.trials)

    @property
    def seconds(self) -> float:
        """Seconds of training that all decided trials took, one after the other."""
        return sum(record.seconds for record in self.trials)


def best_of(trials: Sequence[Record], falling: bool) -> Record | None:
    """The complete trial with the best value, the first of equals."""
    found = [(r.value, r) for r in trials if r.state == "complete" and r.value is not None]
    found = [(value, record) for value, record in found if math.isfinite(value)]
    if not found:
        return None
    best = (min if falling else max)(value for value, _ in found)
    return next(record for value, record in found if value == best)


class SweepReader:
    """Follows one sweep. The constructor raises `UserError` where there is none."""

    def __init__(self, paths: SweepPaths) -> None:
        self.paths = paths
        self.sweep = read_sweep(paths.sweep)
        self.ledger = Ledger()
        self._tail = JournalTail(paths.journal, self._anew)
        self._view: SweepView | None = None
        self._size = size_of(paths, self.sweep)

    def poll(self) -> SweepView:
        """The sweep as it is now; the same object as before where nothing has changed."""
        held = holder(self.paths.lock)  # before the journal, as a run's status asks
        fresh = False
        while True:
            for event in self._tail.read():
                self.ledger.add(event)
                fresh = True
            if not self._tail.behind:
                break
        state = "running" if held is not None and held.alive else self.ledger.state
        state = "killed" if state in ("started", "") else state
        if self._view is not None and not fresh and self._view.state == state:
            return self._view
        self._view = SweepView(
            self.paths,
            self.sweep,
            tuple(self.ledger.trials.values()),
            state,
            self.ledger.error,
            self.ledger.busy,
            self._size,
        )
        return self._view

    def _anew(self) -> None:
        self.ledger = Ledger()


def size_of(paths: SweepPaths, sweep: Sweep) -> int:
    """How many trials a sweep has: a grid may have fewer points than were allowed."""
    if sweep.sampler != "grid":
        return sweep.trials
    from tuiwb.search import space

    try:
        over = space.parse(sweep.space, str(paths.preset), sweep.set, str(paths.sweep))
        return len(over.grid(sweep.trials))
    except UserError:
        return sweep.trials


def read_ledger(paths: SweepPaths) -> SweepView:
    """A sweep as it is now."""
    return SweepReader(paths).poll()
