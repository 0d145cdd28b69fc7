"""Commands for the worker: one small file each, written beside and renamed, applied in order.

A file stays until the worker has journaled its answer, so that a command is never lost; rubbish
is moved aside (into ``inbox/.refused``) and never raises.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuiwb.base.errors import UserError
from tuiwb.base.text import clean
from tuiwb.run.files import is_folder, parse_object, read_small, write_all
from tuiwb.run.journal import encode
from tuiwb.run.layout import RunPaths
from tuiwb.run.person import person

MAX_COMMAND = 1 << 16
"""Bytes of one command file."""
MOST = 500
"""Files that one look goes through, the oldest: training does not wait for a flood."""
TOLD = 5
"""Files of rubbish that one look tells of by their names."""
REFUSED = ".refused"
_NAME = re.compile(r"[0-9]{20}-[0-9a-f]{12}\.json")
_lock = threading.Lock()
_latest = 0


@dataclass(frozen=True)
class Command:
    """What a client asks of the worker. `done` removes it once the answer is journaled."""

    id: str
    command: str
    args: Mapping[str, Any]
    by: str
    time: float
    path: Path
    who: str = ""
    """``user@host`` of the client, as it says."""


def post(
    paths: RunPaths,
    command: str,
    args: Mapping[str, Any] | None = None,
    by: str = "cli",
    who: str | None = None,
) -> str:
    """Leave a command for the worker; returns its id, which the journal's answer repeats. ``who``
    asks is this process's user, unless it is said.

    Raises `UserError` where the inbox cannot be written.
    """
    stamp, id = _stamp(), secrets.token_hex(6)
    fields = {"id": id, "command": command, "args": args or {}, "by": by, "time": stamp / 1e9}
    fields["who"] = person() if who is None else who
    data = encode(fields, None)
    if len(data) > MAX_COMMAND:
        raise ValueError(f"a command of {len(data)} bytes, more than {MAX_COMMAND}")
    name = f"{stamp:020d}-{id}.json"
    beside = paths.inbox / f".{name}"
    try:
        if paths.inbox.is_symlink():
            raise OSError(errno.ELOOP, "its inbox is a link")
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            write_all(fd, data)
        finally:
            os.close(fd)
        os.rename(beside, paths.inbox / name)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise UserError(
            f"cannot send {command!r} to {paths.id}: {error.strerror}",
            where=str(paths.inbox),
            next="the run's folder must be there and writable by you",
        ) from None
    return id


def take(paths: RunPaths, warn: Callable[[str], None] | None = None) -> list[Command]:
    """Waiting commands, oldest first, from at most `MOST` files. They stay until `done`; ``warn``
    hears of rubbish."""
    try:
        there = os.listdir(paths.inbox) if is_folder(paths.inbox) else []
        names = sorted(name for name in there if not name.startswith("."))
    except OSError:
        return []
    commands: list[Command] = []
    refused = 0
    for name in names[:MOST]:
        path = paths.inbox / name
        command = _read(path) if _NAME.fullmatch(name) else "not the name of a command"
        if isinstance(command, Command):
            commands.append(command)
        elif _put_aside(path) and warn:
            refused += 1
            if refused <= TOLD:
                warn(f"inbox: {clean(name, 80)} is refused: {command}")
    if refused > TOLD and warn:
        warn(f"inbox: {refused - TOLD} more files are refused; they are in inbox/{REFUSED}")
    return commands


def done(command: Command) -> None:
    """Remove an acknowledged command."""
    with contextlib.suppress(OSError):
        os.unlink(command.path)


def _read(path: Path) -> Command | str:
    try:
        data = parse_object(read_small(path, MAX_COMMAND))
    except OSError as error:
        return error.strerror or "cannot be read"
    if data is None:
        return "not a JSON object"
    id, command, args = data.get("id"), data.get("command"), data.get("args", {})
    by, who, sent = data.get("by", ""), data.get("who", ""), data.get("time", 0.0)
    if not all(isinstance(text, str) for text in (id, command, by, who)):
        return "id, command, by and who must be texts"
    if not isinstance(args, dict) or not isinstance(sent, int | float):
        return "args must be an object and time a number"
    return Command(str(id)[:64], str(command)[:64], args, by[:200], float(sent), path, who[:200])


def _put_aside(path: Path) -> bool:
    folder = path.parent / REFUSED
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)
        if os.path.islink(folder):
            return False  # it would lead out of the run
        os.rename(path, folder / path.name)
    except OSError:
        return False
    return True


def _stamp() -> int:
    """Nanoseconds of Unix time, later than any that this process gave before: order is kept."""
    global _latest
    with _lock:
        _latest = max(time.time_ns(), _latest + 1)
        return _latest
