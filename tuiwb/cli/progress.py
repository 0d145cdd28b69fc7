"""What `run` and `verify` say on stderr while a run trains."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Protocol

from tuiwb.base.format import duration, number, of, si
from tuiwb.base.text import clean
from tuiwb.cli import output

if TYPE_CHECKING:
    from rich.progress import Progress

    from tuiwb.run.view import RunView


class Reporter(Protocol):
    """Shows one view after another."""

    def update(self, view: RunView) -> None: ...

    def close(self) -> None:
        """Leave the terminal as a command finds it."""
        ...


def reporter(interval: float) -> Reporter:
    """A line that redraws itself on a terminal that can, else one line an interval."""
    can_redraw = sys.stderr.isatty() and (os.environ.get("TERM") or "dumb") != "dumb"
    return _Bar() if can_redraw else _Lines(interval)


def reporters(interval: float) -> Reporter:
    """For several runs at once: one line an interval each, on a terminal too."""
    return _Many(interval)


def facts(view: RunView) -> str:
    """Step, loss, validation, rate and what is left, in one line."""
    status = view.status
    if status.state in ("queued", "starting") or status.ended_now:
        return status.words
    parts = [] if status.state == "training" else [status.state]
    parts.append(f"step {of(status.step, status.steps)}")
    per_s = rate(view)
    if per_s and status.steps:
        parts.append(f"ETA {duration(max(0, status.steps - status.step) / per_s)}")
    steps = view.table("steps")
    if (loss := steps.last("loss")) is not None:
        parts.append(f"loss {number(loss)}")
    if (metric := headline_metric(view)) is not None:
        parts.append(f"{metric} {number(view.metrics[metric])}")
    if (samples := steps.last("samples_per_s")) is not None:
        parts.append(f"{si(samples)} samples/s")
    return "  ".join(parts)


def headline_metric(view: RunView) -> str | None:
    """The metric that the preset is about, or else the first one."""
    expect = view.spec.spec.about.expect if view.spec is not None else None
    if expect is not None and expect.metric in view.metrics:
        return expect.metric
    return next(iter(view.metrics), None)


def rate(view: RunView) -> float | None:
    """Steps per second over the last rows."""
    recent = view.table("steps").tail(500)
    recent = recent[recent["time"] >= view.status.begun] if len(recent) else recent
    if len(recent) < 2:
        return None
    span = float(recent["time"][-1] - recent["time"][0])
    return (len(recent) - 1) / span if span > 0 else None


class _Lines:
    """For logs and pipes: a line when the run's state changes, and one every ``interval``."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._next = 0.0
        self._state = ""
        self._said = ""

    def update(self, view: RunView) -> None:
        now = time.monotonic()
        if view.status.state == self._state and now < self._next:
            return
        self._state, self._next = view.status.state, now + self._interval
        line = f"{view.id}  {facts(view)}"
        if line != self._said:
            output.say(line)
            self._said = line

    def close(self) -> None:
        pass


class _Many:
    """A `_Lines` for each run."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._runs: dict[str, _Lines] = {}

    def update(self, view: RunView) -> None:
        self._runs.setdefault(view.id, _Lines(self._interval)).update(view)

    def close(self) -> None:
        pass


class _Bar:
    """For a person: one line with a bar, redrawn in place and gone at the end."""

    def __init__(self) -> None:
        self._progress: Progress | None = None

    def update(self, view: RunView) -> None:
        if self._progress is None:
            self._progress = self._start()
        for task in self._progress.tasks:
            self._progress.update(
                task.id,
                total=view.status.steps or None,
                completed=view.status.step,
                facts=clean(facts(view)),
            )

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    @staticmethod
    def _start() -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn
        from rich.table import Column

        console = Console(stderr=True)
        width = 0 if console.width < 60 else 10 if console.width < 100 else 30
        bar = [BarColumn(width, table_column=Column(min_width=width))] if width else []
        one_line = Column(no_wrap=True, overflow="ellipsis")
        text = TextColumn("{task.fields[facts]}", markup=False, table_column=one_line)
        progress = Progress(*bar, text, console=console, transient=True, refresh_per_second=4)
        progress.start()
        progress.add_task("", total=None, facts="starting")
        return progress
