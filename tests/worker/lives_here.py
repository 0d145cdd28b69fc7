"""Workers in this process, one after the other on the same run: each ends where it is told to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tuiwb.api import open_run
from tuiwb.run.create import create
from tuiwb.run.layout import RunPaths
from tuiwb.run.view import RunView
from tuiwb.spec import resolve
from tuiwb.worker.work import work

Act = Mapping[str, Any]


def act(step: int, command: str, by: str = "test", **args: Any) -> Act:
    """Something that the run's schedule asks of it."""
    return {"step": step, "command": command, "args": args, "by": by}


def made(runs: Path, *overrides: str, acts: Sequence[Act] = (), preset: str = "") -> RunPaths:
    """A run that nobody has trained yet, with a schedule."""
    paths = RunPaths(create(runs, resolve(preset or "mlp-digits", overrides)))
    if acts:
        paths.schedule.write_text(json.dumps(list(acts)))
    return paths


def lived(paths: RunPaths, status: int = 0) -> RunView:
    """The run after one more worker."""
    assert work(str(paths.root)) == status
    return open_run(paths.root)


def events(view: RunView, kind: str) -> list[dict[str, Any]]:
    return [event for event in view.events if event["kind"] == kind]
