"""Commands that a run is to obey at steps of their own: how a replay repeats what was asked."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from tuiwb.base.errors import UserError
from tuiwb.run.files import read_small, write_all
from tuiwb.run.layout import RunPaths

_MAX = 1 << 24
"""Bytes of a schedule."""

Known = dict[str, Any]
"""``{"step": n, "command": name, "args": {...}, "by": who}``; it takes effect before step n + 1."""


def write(paths: RunPaths, commands: Iterable[Known]) -> None:
    """Leave ``schedule.json`` in a folder that is being made. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    fd = os.open(paths.schedule, flags, 0o600)
    try:
        write_all(fd, json.dumps(list(commands), indent=2).encode() + b"\n")
    finally:
        os.close(fd)


def read(paths: RunPaths) -> list[Known]:
    """The run's own schedule, in order; none where it has none.

    Raises `UserError` where there is one that cannot be read: a run that left some of it out would
    not be the one that was asked for.
    """
    try:
        found = json.loads(read_small(paths.schedule, _MAX))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(paths, str(error)) from None
    if not isinstance(found, list):
        raise _unreadable(paths, "not a list")
    commands = [command for item in found if (command := _known(item)) is not None]
    if len(commands) < len(found):
        raise _unreadable(paths, f"{len(found) - len(commands)} of its entries are no commands")
    return commands


def left(schedule: Iterable[Known], events: Iterable[Mapping[str, Any]]) -> list[Known]:
    """The part of a schedule that the run's journal does not tell of as obeyed: what is to come."""
    told = [
        (event.get("step"), event.get("command"), event.get("args"))
        for event in events
        if event.get("kind") == "command" and not event.get("inherited")
    ]
    coming = []
    for known in schedule:
        act = (known["step"], known["command"], known["args"])
        if act in told:
            told.remove(act)
        else:
            coming.append(known)
    return coming


def _known(value: object) -> Known | None:
    """A command from what may be a stranger's JSON, or None where it is not one."""
    if not isinstance(value, dict):
        return None
    step, command, args = value.get("step"), value.get("command"), value.get("args")
    if not isinstance(step, int) or isinstance(step, bool) or not 0 <= step < 1 << 62:
        return None
    if not isinstance(command, str) or not isinstance(args, dict):
        return None
    return {"step": step, "command": command, "args": args, "by": str(value.get("by") or "")}


def _unreadable(paths: RunPaths, found: str) -> UserError:
    return UserError(
        f"the schedule of {paths.id} cannot be read",
        where=str(paths.schedule),
        found=found,
        allowed="a list of commands with the step of each",
        next="repeat the run that it was made from anew: tuiwb replay RUN",
    )
