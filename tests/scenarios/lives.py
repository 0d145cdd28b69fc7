"""Runs whose workers are ended on the way and begin anew, all from one warm process."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tests.scenarios.helpers import new_run, steps, until, view
from tuiwb.client.commands import send, wait
from tuiwb.client.launch import begin
from tuiwb.client.resume import resume
from tuiwb.client.standby import Standby
from tuiwb.run import schedule
from tuiwb.run.in_force import settings
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import holder

EXACT = ("step", "loss", "lr", "clipped", "nonfinite")
"""Columns of the steps that are a function of spec, seed and settings alone."""


class Life:
    """A run, from worker to worker."""

    references: ClassVar[dict[tuple[str, ...], Life]] = {}
    """Runs that nobody interrupted, by preset and overrides."""

    def __init__(self, runs: Path, warm: Standby, preset: str, *overrides: str) -> None:
        self.warm = warm
        self.preset, self.overrides, self.runs = preset, overrides, runs
        self.paths = new_run(runs, preset, *overrides)

    def begin(self) -> Life:
        begin(self.paths.root, self.warm)
        until("a worker", self.alive)
        return self

    def resume(self) -> Life:
        resume(self.paths.root, standby=self.warm)
        return self

    def alive(self) -> bool:
        held = holder(self.paths.lock)
        return held is not None and bool(held.alive)

    def reach(self, step: int) -> Life:
        until(f"step {step}", lambda: steps(self.paths) >= step or not self.alive())
        return self

    def ask(self, command: str, **args: Any) -> int:
        """Ask, and return the step at which it took effect."""
        answer = wait(self.paths.root, send(self.paths.root, command, args), 60)
        assert answer["accepted"], answer
        return int(answer["step"])

    def set(self, **knobs: float) -> int:
        return self.ask("set", **{key.replace("__", "."): value for key, value in knobs.items()})

    def end(self, how: str) -> Life:
        """By a signal, or by asking it to ``stop``."""
        held = holder(self.paths.lock)
        assert held is not None and held.alive, view(self.paths).status.words
        if how == "stop":
            self.ask("stop")
        else:
            os.kill(held.pid, getattr(signal, how))
        until("its end", lambda: not self.alive())
        return self

    def finish(self) -> Life:
        until("its end", lambda: not self.alive())
        status = view(self.paths).status
        assert status.state == "finished", (status.words, status.last_words)
        return self

    def events(self, kind: str) -> list[Mapping[str, Any]]:
        return [event for event in view(self.paths).events if event["kind"] == kind]

    def uninterrupted(self) -> Life:
        """The same run by one worker, with what was set set at the same steps."""
        known = settings(view(self.paths).events)
        spec = (self.preset, *self.overrides)
        if not known and spec in self.references:
            return self.references[spec]
        other = Life(self.runs, self.warm, *spec)
        if known:
            acts = [
                {"step": s.step, "command": "set", "args": dict(s.args), "by": "test"}
                for s in known
            ]
            schedule.write(other.paths, acts)
        else:
            self.references[spec] = other
        return other.begin().finish()


def same(one: RunPaths, other: RunPaths) -> None:
    """Every row that readers see is bit for bit the other's: no step missing, none twice."""
    a, b = view(one), view(other)
    mine, theirs = (v.table("steps").tail(10**7) for v in (a, b))
    assert mine["step"].tolist() == list(range(1, len(mine) + 1))
    for column in EXACT:
        assert np.array_equal(mine[column], theirs[column], equal_nan=True), column
    mine, theirs = (v.table("evals").tail(10**7) for v in (a, b))
    for column in {*(mine.dtype.names or ())} - {"time"}:
        assert np.array_equal(mine[column], theirs[column], equal_nan=True), column
    assert a.metrics == b.metrics
    assert a.status.words == b.status.words


def newest_checkpoint(paths: RunPaths) -> Path:
    return max(folder for folder in paths.checkpoints.iterdir() if folder.name.isdigit())
