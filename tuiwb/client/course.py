"""A lesson being taken: its runs started one after the other, its checks judged as they come in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tuiwb.base.clock import Clock
from tuiwb.base.errors import UserError
from tuiwb.client.launch import launch
from tuiwb.client.lessons import Judged, judge_one
from tuiwb.client.standby import Standby
from tuiwb.run.reader import RunReader
from tuiwb.run.view import RunView
from tuiwb.spec import Resolved, resolve
from tuiwb.spec.lessons import (
    Bounded,
    Check,
    GapCheck,
    Lesson,
    TrialsCheck,
    arm_of,
    resolve_run,
)

Trials = Callable[
    [str, Lesson, Sequence[str], Callable[[str, Sequence[str]], Path]], Sequence[Callable[[], Path]]
]
"""What chooses the trials of a lesson's search: `tuiwb.search.race.starts`."""


@dataclass(frozen=True)
class Verdict:
    """What is known of one check. ``judged`` is None before its runs have anything to look at;
    until ``final`` its value may still change, and then it says whether it is met."""

    check: Check
    judged: Judged | None = None
    final: bool = False


@dataclass(frozen=True)
class Progress:
    """How far a course has come."""

    views: Mapping[str, RunView]
    """The runs that have begun, by their labels, in the lesson's order."""
    verdicts: tuple[Verdict, ...]
    runs: int
    """How many runs the lesson has."""
    error: UserError | None = None
    """Why no further run could be started."""
    left_out: bool = False
    """Whether no further run is to be started."""

    @property
    def ended(self) -> int:
        """How many runs are over."""
        return sum(view.status.ended_now for view in self.views.values())

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        all_begun = len(self.views) == self.runs or self.error is not None or self.left_out
        return all_begun and self.ended == len(self.views)

    @property
    def met(self) -> int:
        """How many checks are met for good."""
        return sum(v.final and v.judged is not None and v.judged.met for v in self.verdicts)


class Course:
    """The runs of one lesson, at most ``jobs`` of them live at a time. They are ordinary runs: who
    leaves a course leaves them training. A spec that does not hold together is a `UserError` here,
    before anything is trained."""

    def __init__(
        self,
        name: str,
        lesson: Lesson,
        runs: Path,
        standby: Callable[[], Standby | None] = lambda: None,
        jobs: int = 1,
        clock: Clock | None = None,
        trials: Trials | None = None,
    ) -> None:
        if lesson.search is not None and trials is None:
            raise UserError(
                f"{name} is a search, whose runs are chosen one by one",
                next=f"tuiwb lesson {name} takes it, on the command line",
            )
        self._given = name
        # a file of the user's own is called by its name alone: a path fills a title bar
        self.name, self.lesson = Path(name).stem if name.endswith(".toml") else name, lesson
        self._specs = {run.label: resolve_run(name, lesson, run, ()) for run in lesson.runs}
        self._begin: dict[str, Callable[[], Path]] = {
            label: partial(self._launch, spec) for label, spec in self._specs.items()
        }
        if lesson.search is not None and trials is not None:
            tried = lesson.labels[len(lesson.runs) :]
            self._begin |= zip(tried, trials(name, lesson, (), self._trial), strict=True)
            self._specs |= dict.fromkeys(tried, resolve(lesson.preset, lesson.set))
        self._runs, self._standby, self._jobs, self._clock = runs, standby, jobs, clock
        self._readers: dict[str, RunReader] = {}
        self._over: dict[str, RunView] = {}
        self._one = threading.Lock()
        self._left_out = False
        self._error: UserError | None = None
        self.progress = Progress({}, tuple(map(Verdict, lesson.asserts)), len(self._begin))

    @property
    def steps(self) -> int:
        """Steps of the longest of its runs."""
        return max(spec.spec.train.steps for spec in self._specs.values())

    def steps_of(self, label: str) -> int:
        """Steps that a run is to take."""
        return self._specs[label].spec.train.steps

    def beat(self, budget: float | None = 0.05) -> Progress:
        """Read what is new for about ``budget`` seconds a run, start what is due, judge what has
        come in. The same object again where nothing has changed. Call it off the event loop."""
        with self._one:
            views = {label: self._look(label, budget) for label in self._readers}
            live = sum(not view.status.ended_now for view in views.values())
            waiting = [label for label in self._begin if label not in views]
            while waiting and live < self._jobs and not (self._left_out or self._error):
                standby = self._standby()
                if standby is not None and standby.alive and not standby.ready:
                    break  # it warms up: a cold start would take as long, and twice the work
                label, live = waiting.pop(0), live + 1
                try:
                    self._readers[label] = RunReader(self._begin[label](), self._clock)
                    views[label] = self._readers[label].poll(budget)
                except UserError as error:
                    self._error = error
            self.progress = self._judged(views)
            return self.progress

    def leave_out(self) -> None:
        """Start no further run; those that have begun go on."""
        self._left_out = True

    def close(self) -> None:
        """Let go of the runs' files."""
        with self._one:
            for reader in self._readers.values():
                reader.close()

    def _launch(self, spec: Resolved) -> Path:
        argv = ("tuiwb", "lesson", self._given)
        return launch(spec, self._runs, argv=argv, standby=self._standby())

    def _trial(self, origin: str, settings: Sequence[str]) -> Path:
        return self._launch(resolve(self.lesson.preset, settings, origin=origin))

    def _look(self, label: str, budget: float | None) -> RunView:
        """A run as it is now. Of a trial that is over no files stay open: there are many."""
        if label in self._over:
            return self._over[label]
        view = self._readers[label].poll(budget)
        if arm_of(label) and view.status.ended_now and not view.behind:
            self._over[label] = view
            self._readers[label].close()
        return view

    def _judged(self, views: Mapping[str, RunView]) -> Progress:
        before = self.progress
        same = len(views) == len(before.views) and all(
            before.views[label] is view for label, view in views.items()
        )
        if same and (before.error, before.left_out) == (self._error, self._left_out):
            return before
        labels = self.lesson.labels
        verdicts = tuple(_verdict(known, views, labels) for known in before.verdicts)
        return Progress(views, verdicts, before.runs, self._error, self._left_out)


def labels_of(check: Check, labels: Sequence[str] = ()) -> tuple[str, ...]:
    """The labels of the runs that a check looks at, of all the lesson's ``labels``."""
    if isinstance(check, TrialsCheck):
        return tuple(label for label in labels if arm_of(label) in (check.run, check.over))
    over = (check.over,) if isinstance(check, GapCheck) else ()
    return (check.run, *over, *getattr(check, "beside", ()))


def _verdict(known: Verdict, views: Mapping[str, RunView], labels: Sequence[str]) -> Verdict:
    check = known.check
    needed = [views.get(label) for label in labels_of(check, labels)]
    if known.final or None in needed:
        return known
    final = all(view.status.ended_now and not view.behind for view in needed if view is not None)
    # a state is none before the end, and several runs are put together at their ends alone
    early = isinstance(check, Bounded) and not hasattr(check, "beside")
    if not final and not early:
        return known
    return Verdict(check, judge_one(check, views), final)
