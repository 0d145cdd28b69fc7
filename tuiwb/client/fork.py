"""A child of a run: from one of its checkpoints on, with other knobs. The parent is not touched."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tuiwb.base import consent
from tuiwb.base.errors import UserError
from tuiwb.client.launch import begin
from tuiwb.client.process import Command
from tuiwb.client.standby import Standby
from tuiwb.run import checkpoints
from tuiwb.run.create import create
from tuiwb.run.in_force import in_force, settings
from tuiwb.run.inherit import inherit
from tuiwb.run.journal import events
from tuiwb.run.layout import RunPaths
from tuiwb.run.meta import read_meta
from tuiwb.run.reader import RunReader
from tuiwb.run.schedule import Known, write
from tuiwb.run.view import RunView
from tuiwb.run.world import World, world_of
from tuiwb.spec import Resolved
from tuiwb.spec.branch import branched

_ENDS = ("train.steps", "train.patience", "train.stop_when")
"""Knobs that say when a run is over."""


@dataclass(frozen=True)
class Prepared:
    """Where a run can be forked, and the spec that was in force there."""

    parent: RunPaths
    step: int
    resolved: Resolved
    steps: tuple[int, ...]
    """The checkpoints that there are."""
    ended: bool
    """Whether the parent was over at this step: without other knobs there is nothing left."""

    def changed(self, overrides: Sequence[str]) -> Resolved:
        """The spec of a child with these knobs (``section.key=value``).

        Raises `UserError`: a mistake in one, a knob that a fork cannot change, nothing to train.
        """
        new = branched(self.resolved, overrides, self.parent.spec)
        if self.step >= new.spec.train.steps or (self.ended and self._same_end(new)):
            raise UserError(
                f"nothing is left to train: {self.parent.id} is over at step {self.step}",
                where=str(self.parent.root),
                found=f"train.steps = {new.spec.train.steps}",
                allowed="a fork at an earlier step, or more steps",
                next=f"add -s train.steps={2 * self.step}, or take one of these steps: "
                f"{some([step for step in self.steps if step < self.step]) or 'there is none'}",
            )
        return new

    def _same_end(self, new: Resolved) -> bool:
        return all(new.get(key) == self.resolved.get(key) for key in _ENDS)


def prepare(
    parent: Path, at: int | None = None, *, before: bool = False, overrides: Sequence[str] = ()
) -> Prepared:
    """Look for the checkpoint of step ``at``; with ``before`` the nearest one at or before it,
    and without ``at`` the newest one from which something is left to train with ``overrides``.

    Raises `UserError`: no run, a loop of the user's own, no such checkpoint (the nearest are
    named), or one that is damaged.
    """
    with RunReader(parent) as reader:
        view = reader.poll(None)
    return prepared(view, at, before=before, overrides=overrides)


def prepared(
    view: RunView, at: int | None = None, *, before: bool = False, overrides: Sequence[str] = ()
) -> Prepared:
    """`prepare` for a run that has been read."""
    paths = RunPaths(view.path)
    if view.spec is None:
        raise UserError(
            f"{view.id} cannot be forked: it has no spec to go on with",
            where=str(view.path),
            found="a loop of your own" if view.meta.get("watched") else "no spec that can be read",
            allowed="a run that tuiwb has trained",
        )
    steps = checkpoints.steps(paths)
    if not steps:
        raise UserError(
            f"{view.id} has no checkpoint to fork from",
            where=str(paths.checkpoints),
            found=view.status.words,
            next="one is written at each evaluation; "
            f"write one now with: tuiwb ctl {shlex.quote(view.id)} checkpoint",
        )
    more = any(text.partition("=")[0].strip() in _ENDS for text in overrides)
    step = _newest(view, steps, more) if at is None else _chosen(view, steps, at, before)
    live = {key for s in settings(events(paths.journal)) if s.step <= step for key in s.args}
    spec = in_force(view.spec.spec, events(paths.journal), step)
    origins = {**view.spec.origins, **dict.fromkeys(live, f"set in {view.id}")}
    resolved = replace(view.spec, spec=spec, origins=origins)
    return Prepared(paths, step, resolved, tuple(steps), _is_end(view, step))


def fork(
    prepared: Prepared,
    runs: Path,
    overrides: Sequence[str] = (),
    *,
    name: str | None = None,
    argv: Sequence[str] = (),
    processes: int | None = None,
    standby: Standby | None = None,
    command: Command | None = None,
) -> Path:
    """Create the child and start its worker; returns its folder at once.

    The folder appears whole or not at all. As many ``processes`` train it as its parent, unless
    another number is given. Raises `UserError`: as `Prepared.changed`, a bad or taken name, a full
    disk, a parent or checkpoint that has gone meanwhile.
    """
    resolved = prepared.changed(overrides)
    consent.check(resolved.spec.model.name, home(prepared.parent))
    if standby is not None:
        standby.prepare()
    path = make(prepared, runs, resolved, name=name, argv=argv, processes=processes)
    begin(path, standby, command)
    return path


def make(
    prepared: Prepared,
    runs: Path,
    resolved: Resolved,
    *,
    name: str | None = None,
    argv: Sequence[str] = (),
    processes: int | None = None,
    parent: Mapping[str, Any] | None = None,
    schedule: Sequence[Known] = (),
) -> Path:
    """The child's folder, with all that it inherits; no worker is started.

    ``parent`` is what the child names as such where that is not the run that it is made from.
    """
    source, step = prepared.parent, prepared.step

    def fill(child: RunPaths) -> None:
        with RunReader(source.root) as reader:
            inherit(source, reader.poll(None).tables, child, step)
        if not checkpoints.is_whole(child.checkpoint(step)):
            raise _damaged(source, step)
        if schedule:
            write(child, schedule)

    try:
        return create(
            runs,
            resolved,
            name=name,
            argv=argv,
            parent=parent or {"run": source.id, "step": step},
            world=World(processes) if processes is not None else _world(source),
            folder=home(source),
            fill=fill,
        )
    except UserError as error:
        if source.checkpoint(step).is_dir():
            raise
        raise UserError(
            f"the checkpoint of step {step} has gone meanwhile",
            where=str(source.checkpoint(step)),
            found=error.what,
            next=_take_another(source, step),
        ) from None


def _world(run: RunPaths) -> World | None:
    """By how many processes a child is trained: as many as its parent, on one machine."""
    world = world_of(read_meta(run)[0])
    return world if world is not None and world.most == 1 else None


def home(run: RunPaths) -> Path | None:
    """The folder that a run was started in, where paths in its spec begin."""
    folder = read_meta(run)[0].get("folder")
    return Path(folder) if isinstance(folder, str) and folder else None


def _newest(view: RunView, steps: Sequence[int], more: bool) -> int:
    """The newest whole checkpoint, but for that of the end where no ``more`` is to be trained."""
    paths = RunPaths(view.path)
    left = [step for step in steps if more or not _is_end(view, step)] or list(steps)
    whole = (step for step in reversed(left) if checkpoints.is_whole(paths.checkpoint(step)))
    if (newest := next(whole, None)) is None:
        raise _damaged(paths, left[-1])
    return newest


def _chosen(view: RunView, steps: Sequence[int], at: int, before: bool) -> int:
    paths = RunPaths(view.path)
    if at in steps:
        return at
    earlier = [step for step in steps if step < at]
    if before and earlier:
        return earlier[-1]
    later = [step for step in steps if step > at]
    left = [step for step in steps if not _is_end(view, step)] or steps
    near = [f"{earlier[-1]} before it"] if earlier else []
    near += [f"{later[0]} after it"] if later else []
    raise UserError(
        f"{view.id} has no checkpoint at step {at}"
        + (f": it has come to step {view.status.step}" if at > view.status.step else ""),
        where=str(paths.checkpoints),
        found=str(at),
        allowed=some(steps),
        nearest=", ".join(near),
        next=f"tuiwb fork {shlex.quote(view.id)} --at {min(left, key=lambda s: abs(s - at))}",
    )


def _is_end(view: RunView, step: int) -> bool:
    return view.status.state == "finished" and step == view.status.step


def _damaged(paths: RunPaths, step: int) -> UserError:
    return UserError(
        f"the checkpoint of step {step} is damaged",
        where=str(paths.checkpoint(step)),
        found="its checksum does not match",
        next=_take_another(paths, step),
    )


def _take_another(paths: RunPaths, step: int) -> str:
    others = [other for other in checkpoints.steps(paths) if other != step]
    return f"take another step: {some(others)}" if others else "there is no other checkpoint"


def some(steps: Sequence[int]) -> str:
    """Steps in words, the newest of many."""
    shown = ", ".join(map(str, steps[-12:]))
    return shown if len(steps) <= 12 else f"... {shown}"
