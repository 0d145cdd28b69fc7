"""One run of the doctor's benchmark: what is planted, what must be found, and what was."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.doctor.here import trained_here
from tuiwb.api import open_run
from tuiwb.client.diagnose import windows
from tuiwb.doctor.examine import examine
from tuiwb.engine.build import Session
from tuiwb.run.layout import RunPaths
from tuiwb.run.view import RunView
from tuiwb.worker.sink import RunSink

LIVE = frozenset({"stall"})
"""Symptoms that a run's tables cannot tell: only somebody beside the run sees that it hangs."""


def untouched(session: Session) -> None:
    """Nothing is planted in what was built."""


def alone(session: Session, sink: RunSink, paths: RunPaths) -> None:
    """Nothing happens beside the run."""


@dataclass(frozen=True)
class Trial:
    """A run that is planted with a fault, or with none."""

    name: str
    preset: str
    overrides: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    """At least one must be found, the first is the fault's own name; empty where nothing is wrong:
    then whatever is found is a false alarm."""
    also: tuple[str, ...] = ()
    """What the fault brings with it: counts neither for nor against."""
    before: Callable[[Session], None] = untouched
    beside: Callable[[Session, RunSink, RunPaths], None] = alone
    since: int = 0
    """Step at which the fault sets in."""
    quick: bool = False
    """Whether it is in the subset that takes a minute."""


@dataclass(frozen=True)
class Seen:
    """What the doctor found in one run."""

    trial: str
    found: dict[str, int] = field(default_factory=dict)
    """Symptom -> the last step of the first window that showed it."""
    state: str = ""
    """How the run ended."""
    steps: int = 0


def tried(trial: Trial, runs: Path, again: bool = False) -> Seen:
    """Train ``trial`` in a folder of its own under ``runs``, and diagnose the run; with ``again``,
    diagnose the one that lies there from before, if it was trained to its end."""
    folder = runs / trial.name
    view = _kept(folder) if again else None
    fresh = view is None
    if view is None:
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            view = trained_here(
                folder, trial.preset, *trial.overrides, before=trial.before, beside=trial.beside
            )
    found: dict[str, int] = {}
    for symptom, step in _told(view, fresh):
        found[symptom] = min(step, found.get(symptom, step))
    steps = view.table("steps").last("step")
    return Seen(trial.name, found, view.status.state, int(steps or 0))


def _kept(folder: Path) -> RunView | None:
    for path in sorted(folder.glob("*-[0-9]*"), reverse=True):
        view = open_run(path)
        if view.status.state in ("finished", "stopped", "diverged"):
            return view
    return None


def _told(view: RunView, fresh: bool) -> Iterator[tuple[str, int]]:
    """Symptoms with the step at which they were told: after the fact, and by the live doctor, who
    may have been another one where the run is not fresh."""
    for window in windows(view):
        for finding in examine(window):
            yield finding.symptom, int(window.step[-1])
    for told in view.findings:
        if fresh or told["symptom"] in LIVE:
            yield str(told["symptom"]), int(told["until"])
