"""A run once more: the same spec, and what was set while it trained at the same steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tuiwb.base import consent
from tuiwb.base.errors import UserError
from tuiwb.client.fork import Prepared, home, make
from tuiwb.client.launch import begin
from tuiwb.client.process import Command
from tuiwb.client.standby import Standby
from tuiwb.run import checkpoints, schedule
from tuiwb.run.create import create
from tuiwb.run.in_force import settings
from tuiwb.run.journal import events
from tuiwb.run.layout import RunPaths
from tuiwb.run.reader import RunReader
from tuiwb.run.view import RunView
from tuiwb.spec import Resolved


def replay(
    source: Path,
    runs: Path,
    *,
    name: str | None = None,
    argv: Sequence[str] = (),
    standby: Standby | None = None,
    command: Command | None = None,
) -> Path:
    """Create a run that repeats ``source`` and start its worker; returns its folder at once.

    One that was forked is repeated from its fork. Raises `UserError`: no run, a loop of the user's
    own, a fork whose first checkpoint is gone, and as `create` does.
    """
    with RunReader(source) as reader:
        view = reader.poll(None)
    paths = RunPaths(view.path)
    if view.spec is None:
        raise UserError(
            f"{view.id} cannot be repeated: it has no spec to begin with",
            where=str(view.path),
            found="a loop of your own" if view.meta.get("watched") else "no spec that can be read",
            allowed="a run that tuiwb has trained",
        )
    consent.check(view.spec.spec.model.name, home(paths))
    known = interventions(paths)
    if standby is not None:
        standby.prepare()
    parent = view.meta.get("parent")
    if isinstance(parent, dict) and isinstance(parent.get("step"), int):
        start = _start(view, view.spec, parent["step"], runs / str(parent.get("run")))
        path = make(start, runs, view.spec, name=name, argv=argv, parent=parent, schedule=known)
    else:
        path = create(
            runs,
            view.spec,
            name=name,
            argv=argv,
            folder=home(paths),
            fill=lambda new: schedule.write(new, known),
        )
    begin(path, standby, command)
    return path


def interventions(paths: RunPaths) -> list[schedule.Known]:
    """What was set in a run while it trained, and what a replay of another has yet to set."""
    done = [
        {"step": setting.step, "command": "set", "args": dict(setting.args), "by": setting.by}
        for setting in settings(events(paths.journal))
    ]
    return [*done, *schedule.left(schedule.read(paths), events(paths.journal))]


def _start(view: RunView, resolved: Resolved, step: int, parent: Path) -> Prepared:
    """Where a fork began: in its own folder, or in its parent's."""
    for paths in (RunPaths(view.path), RunPaths(parent)):
        steps = tuple(checkpoints.steps(paths))
        if step in steps:
            return Prepared(paths, step, resolved, steps, False)
    raise UserError(
        f"{view.id} cannot be repeated: the checkpoint that it was forked at is gone",
        where=str(RunPaths(view.path).checkpoints),
        found=f"no checkpoint of step {step}, in its parent {parent.name} neither",
        allowed="a fork that has its first checkpoint",
    )
