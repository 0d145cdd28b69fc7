"""The controller of a sweep: asks for trials, has them trained, judges them, and keeps the journal.

Every step of its way is in the journal before it is taken, and a trial's run has a name that is
known before it is made. So it may be killed at any moment, and whoever comes next goes on: what was
asked for is adopted, nothing is trained twice, and the sampler is told what it was told before.
"""

from __future__ import annotations

import contextlib
import shlex
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tuiwb.base.errors import UserError, nearest
from tuiwb.base.format import number as words_of
from tuiwb.run.journal import Journal
from tuiwb.search.ledger import FAILED, RUNNING, Ledger, Record, best_of
from tuiwb.search.places import SweepPaths
from tuiwb.search.runner import Refused, Runner, Seen
from tuiwb.search.samplers import Sampler, Trial
from tuiwb.search.sweep import Sweep

LOOK = 0.1
"""Seconds between looks at the trials that are being trained."""
FEW = 3
"""Trials that fail, before any other comes to something, after which a sweep stops."""
MANY = 10
"""Trials in a row that fail, after which it stops all the same: now and then one is a point of the
space that does not hold together, or takes too much memory."""
LIVES = 2
"""Times that one controller goes on with a trial whose worker was killed."""


@dataclass
class Controller:
    """``told`` hears in one line of whatever happens. ``retry_failed``: every trial that has failed
    is trained once more, and not only those whose workers were killed."""

    sweep: Sweep
    sampler: Sampler
    runner: Runner
    journal: Journal
    ledger: Ledger
    jobs: int
    told: Callable[[str], None] = lambda words: None
    retry_failed: bool = False
    _trials: dict[int, Trial] = field(default_factory=dict)
    _failed: list[Record] = field(default_factory=list)
    """Trials that have failed since another one came to something."""
    _came: bool = False
    """Whether any trial came to something."""
    _best: Record | None = None
    _taken: bool = False
    _due: list[Record] = field(default_factory=list)
    """Trials that are asked for and not begun."""
    _left: list[Record] = field(default_factory=list)
    """Trials that were begun, and are to be gone on with when there is room."""
    _deaths: Counter[int] = field(default_factory=Counter)
    """How often each trial's worker was killed since this controller came."""
    _adopted: set[int] = field(default_factory=set)
    """Trials of an earlier controller that have not been looked at since."""

    @property
    def live(self) -> list[Record]:
        """Trials that are asked for and not decided."""
        return [record for record in self.ledger.trials.values() if record.state == RUNNING]

    @property
    def _paths(self) -> SweepPaths:
        return SweepPaths(self.journal.path.parent)

    @property
    def _go_on(self) -> str:
        return f"tuiwb sweep resume {shlex.quote(self._paths.name)}"

    @property
    def done(self) -> bool:
        """Whether every trial is decided."""
        return len(self.ledger.trials) >= self.sampler.size and not self._trials

    def run(self, sleep: Callable[[float], None] = time.sleep, look: float = LOOK) -> None:
        """Go on until every trial is decided; may be called again where ``sleep``, which is between
        two looks, raised. `UserError` where there is no going on."""
        try:
            if not self._taken:
                self.take_up()
            while not self.beat():
                sleep(look)
        except UserError as error:
            self.end("failed", error)
            raise
        self.end("finished")

    def take_up(self) -> None:
        """Tell the sampler all that was, and adopt the trials that are not decided."""
        self._taken = True
        self._write("controller", state="started", jobs=self.jobs)
        for record in self.ledger.trials.values():
            if record.state == FAILED and (record.killed or self.retry_failed):
                self._write("reopened", trial=record.number)
            trial = self.sampler.recall(record.values, record.reports)
            if record.state == RUNNING:
                self._trials[record.number] = trial
            else:
                self._tell(trial, record)
        for number in list(self._trials):
            record = self.ledger.trials[number]
            if not self.runner.adopt(number):
                self._due.append(record)
                continue
            self._adopted.add(number)
            if record.by:
                self.runner.stop(number, record.reason)  # decided, and perhaps not sent

    def beat(self) -> bool:
        """Look at the trials once and begin what is due; whether all is done."""
        for number in self._training():
            self._follow(self.ledger.trials[number], self.runner.look(number))
        if self.sweep.population and self.runner.ready():
            while self._ask(self.sampler.size):
                pass
            self._launch(self._due)
        while self.runner.ready() and self._begin():
            pass
        return self.done

    def _training(self) -> list[int]:
        """Numbers of the trials that are begun and not decided, but for those that were left."""
        waiting = {record.number for record in (*self._due, *self._left)}
        return [number for number in self._trials if number not in waiting]

    def _begin(self) -> bool:
        """Have one more trained; false where none is due, or as many as may are being trained."""
        if len(self._training()) >= self.jobs:
            return False
        if self._left:
            self._go_on_with(self._left.pop(0))
        elif self._due or self._ask(self.jobs):
            self._launch(self._due[:1])
        else:
            return False
        return True

    def end(self, state: str, error: UserError | None = None) -> None:
        """Say how this controller ends: finished, halted (to be gone on with) or failed. Where
        there is no going on, trials that train are stopped; they may be resumed."""
        if state == "failed":
            self._halt_all("the sweep has stopped")
        with contextlib.suppress(UserError):  # a full disk has been told of already
            self._write("controller", state=state, error=error.as_dict() if error else None)

    def halt(self, stop: bool) -> None:
        """Leave: trials that train go on by themselves, or are stopped until the sweep goes on."""
        if stop:
            self._halt_all("the sweep was halted")
        self.end("halted")

    def _halt_all(self, why: str) -> None:
        for number in self._training():
            with contextlib.suppress(UserError):  # what cannot be noted down trains on
                self._write("halted", trial=number)
                self.runner.stop(number, why)

    def _ask(self, at_a_time: int) -> bool:
        """Ask for one more trial; false where all are asked for, or as many as may train."""
        if len(self._trials) >= at_a_time or len(self.ledger.trials) >= self.sampler.size:
            return False
        trial = self.sampler.ask()
        number = trial.number + 1
        self._trials[number] = trial
        self._write("asked", trial=number, values=dict(trial.values), settings=list(trial.settings))
        self._due.append(self.ledger.trials[number])
        return True

    def _launch(self, records: list[Record]) -> None:
        self._due = self._due[len(records) :]
        try:
            if records:
                self.runner.launch([(record.number, record.settings) for record in records])
        except Refused as refused:
            others = [record for record in records if record.number != refused.number]
            self._due = [*others, *self._due]
            record = self.ledger.trials[refused.number]
            self._decide(record, FAILED, Seen(FAILED, reason=str(refused)))
            self._launch(others)

    def _follow(self, record: Record, seen: Seen) -> None:
        number = record.number
        self._know(record, seen)
        last = record.reports[-1][0] if record.reports else -1
        for step, value in seen.values:
            if step <= last:
                continue
            self._write("value", trial=number, at=step, value=value)
            worse = self.sampler.report(self._trials[number].number, step, value)
            if worse and not record.by and not seen.over:
                name = f"{self.sweep.metric} {words_of(value)} at step {step}"
                self._prune(record, step, self.sweep.pruner, f"{name} is worse than others had")
        if seen.lost and not record.by and not seen.over:
            self._prune(record, seen.step, "doctor", seen.lost)
        anew = number in self._adopted
        self._adopted.discard(number)
        if seen.over:
            self._ended(record, seen, anew)

    def _ended(self, record: Record, seen: Seen, anew: bool) -> None:
        """``anew``: it ended before this controller came, who has made room since then."""
        state, reason = seen.state, seen.reason
        if seen.hindered and not (anew or record.by):
            raise self._hindered(record, seen)
        left = record.halted or seen.left or seen.hindered
        again = anew and record.reopened and state == FAILED
        if seen.killed or again or (state == "stopped" and left):
            self._revive(record, seen)
            return
        if state == "finished":
            lost = seen.result is None or seen.result != seen.result
            if seen.result is None:
                state, reason = FAILED, f"it has no {self.sweep.metric} at its end"
            else:
                state = "diverged" if lost else "complete"
                reason = "" if not lost else f"{self.sweep.metric} is not finite"
        elif state == "stopped" and seen.lost and not record.by:
            # its own doctor was faster
            self._write("pruned", trial=record.number, at=seen.step, by="doctor", reason=seen.lost)
        if record.by and seen.state != "finished":
            state, reason = "pruned", record.reason
        self._decide(record, state, seen, reason)

    def _revive(self, record: Record, seen: Seen) -> None:
        """Go on with a trial that was left, or whose worker was killed; not for ever."""
        number = record.number
        if record.by:
            self._decide(record, "pruned", seen, record.reason)
        elif seen.killed and not record.reopened and self._deaths[number] >= LIVES:
            why = f"its worker was killed {LIVES + 1} times: {seen.reason}"
            self._decide(record, FAILED, seen, why)
        else:
            self._deaths[number] += seen.killed and not record.reopened
            self._left.append(record)

    def _go_on_with(self, record: Record) -> None:
        self._write("resumed", trial=record.number)
        try:
            self.runner.resume(record.number)
        except UserError as error:
            # on a busy machine its worker may have been late, and be there by now
            seen = self.runner.look(record.number)
            if seen.over:
                self._decide(record, FAILED, seen, error.what)

    def _prune(self, record: Record, step: int, by: str, reason: str) -> None:
        self._write("pruned", trial=record.number, at=step, by=by, reason=reason)
        self.runner.stop(record.number, f"pruned by {by}: {reason}")

    def _decide(self, record: Record, state: str, seen: Seen, reason: str | None = None) -> None:
        self._write(
            "ended",
            trial=record.number,
            state=state,
            value=seen.result if state == "complete" else None,
            at=seen.step,
            seconds=seen.seconds,
            reason=seen.reason if reason is None else reason,
            killed=state == FAILED and seen.killed,
            resumed=seen.resumed,
        )
        trial = self._trials.pop(record.number)
        self._tell(trial, record)
        self.runner.forget(record.number)
        self.told(self._words(record))
        self._failed = [*self._failed, record] if state == FAILED else []
        if len(self._failed) >= min(MANY if self._came else FEW, self.sampler.size):
            raise self._common_cause()

    def _tell(self, trial: Trial, record: Record) -> None:
        """What a trial came to. One that was lost is no less bad than one that was pruned."""
        self._came |= record.state != FAILED
        known = [record] if self._best is None else [self._best, record]
        self._best = best_of(known, self.sweep.falling)
        if record.state in ("pruned", "diverged"):
            self.sampler.pruned(trial)
        else:
            self.sampler.tell(trial, record.value if record.state == "complete" else None)

    def _words(self, record: Record) -> str:
        at = f"trial {record.number}: "
        settings = ", ".join(record.settings)
        if record.state != "complete":
            by = f" by {record.by}" if record.by else ""
            return f"{at}{record.state}{by} at step {record.step}: {record.reason}  {settings}"
        mark = "  best so far" if self._best is record else ""
        return f"{at}{self.sweep.metric} {words_of(record.value)}{mark}  {settings}"

    def _know(self, record: Record, seen: Seen) -> None:
        """Say at the first evaluation that there is no such metric."""
        if seen.known is None or self.sweep.metric in seen.known or record.reports:
            return
        near = nearest(self.sweep.metric, seen.known)
        raise UserError(
            f"no run reports {self.sweep.metric!r}",
            where=f"trial {record.number}, its first evaluation",
            found=repr(self.sweep.metric),
            allowed=", ".join(seen.known),
            nearest=near,
            next=f"begin the sweep again with --metric {near or 'and one of these'}",
        )

    def _hindered(self, record: Record, seen: Seen) -> UserError:
        """What stopped this trial will stop all others: nothing is decided by that."""
        return UserError(
            f"trial {record.number} could not be written, and no other can: {seen.hindered}",
            where=f"trial {record.number}, step {seen.step}",
            next=f"put that right, then: {self._go_on}; nothing is trained twice",
        )

    def _common_cause(self) -> UserError:
        causes = Counter(record.reason for record in self._failed)
        cause, times = causes.most_common(1)[0]
        first = next(record for record in self._failed if record.reason == cause)
        run = shlex.quote(self._paths.run_name(first.number))
        more = f"tuiwb show {run} tells more; " if self._paths.run(first.number).exists() else ""
        all_of = len(self._failed)
        return UserError(
            f"{all_of} trials in a row have failed: the sweep stops"
            if all_of > 1
            else "its only trial has failed",
            where=f"trials {', '.join(str(record.number) for record in self._failed)}",
            found=f"{times} of {all_of}: {cause}" if all_of > 1 else cause,
            next=f"{more}put it right, then: {self._go_on} --retry-failed",
        )

    def _write(self, kind: str, **fields: Any) -> None:
        try:
            event = self.journal.write(kind, **fields)
        except OSError as error:
            raise UserError(
                f"the sweep's journal cannot be written: {error.strerror}",
                where=str(self.journal.path),
                next=f"make room, then: {self._go_on}; nothing is trained twice",
            ) from None
        self.ledger.add(event)
