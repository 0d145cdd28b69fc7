"""The index of a runs folder: one hidden file with the summaries of runs that are over.

It lies in a hidden folder of its own, so that to replace it does not touch the runs folder: while
that is as it was, no run was added or taken away, and nobody needs to look which there are.
It is a cache. Each entry carries what changes when its run changes; whatever is missing, damaged
or not ours to understand is read anew from the runs. It is replaced whole, so several processes
may write it: the last one wins, and the loser's work is done again.
"""

from __future__ import annotations

import contextlib
import gc
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from tuiwb.run.files import read_small, replace
from tuiwb.run.kept import Kept, Packed, RunSummary, pack

NAME = Path(".index", "runs")
VERSION = 2
"""Of the entries' fields: one written with other fields is not read."""
OVER = frozenset(("finished", "stopped", "diverged", "failed", "crashed"))
_MAX = 1 << 28  # bytes
_LATEST = 1e12  # Unix seconds


class Index(msgspec.Struct, array_like=True):
    """The entries, newest first; when the runs folder was last changed (nanoseconds; 0: it may
    have changed since without looking so); and the names of the other folders that were there."""

    what: str = "tuiwb"
    version: int = VERSION
    scanned: int = 0
    others: list[str] = msgspec.field(default_factory=list)
    entries: list[msgspec.Raw] = msgspec.field(default_factory=list)


class Known(NamedTuple):
    """An index as it was read: see `Index`."""

    scanned: int = 0
    others: list[str] = []  # noqa: RUF012
    entries: list[Packed] = []  # noqa: RUF012


_decoder = msgspec.msgpack.Decoder(Index)
_run = msgspec.msgpack.Decoder(RunSummary)


def read(folder: Path) -> Known:
    """What the index says; an empty one where it cannot be used. Who shows a text of it cleans it,
    as any text of a stranger's."""
    try:
        data = read_small(folder / NAME, _MAX)
    except OSError:
        return Known()
    place, entries = str(folder), list[Packed]()
    with _uncollected():
        try:
            index = _decoder.decode(data)
            if index.what != "tuiwb" or index.version != VERSION:
                return Known()
            for raw in index.entries:
                run = _run.decode(raw)
                if run.state in OVER:
                    entries.append(Packed(run.name, place, bytes(raw), run.forked))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return Known()
    return Known(index.scanned, index.others, entries)


def write(folder: Path, runs: Iterable[Kept], scanned: int, others: list[str]) -> None:
    """Put an index of these runs in the place of the one there. Does nothing where it cannot."""
    packed = (run if isinstance(run, Packed) else pack(run) for run in runs if writable(run))
    entries = [msgspec.Raw(run.data) for run in packed]
    with contextlib.suppress(OSError, UnicodeEncodeError):
        data = msgspec.msgpack.encode(("tuiwb", VERSION, scanned, others, entries))
        os.makedirs(folder / NAME.parent, mode=0o700, exist_ok=True)
        replace(folder / NAME, data)


def stamp(folder: int, run: RunSummary) -> bool:
    """Note on ``run`` what its folder looks like; whether that can be relied on from now on.

    ``folder`` is a descriptor of the runs folder. What was changed a moment ago may be changed
    again without looking different: the clock of the file system ticks slowly.
    """
    name = run.name
    own = _stat(folder, name)
    journal, lock = _stat(folder, f"{name}/journal.jsonl"), _stat(folder, f"{name}/worker.lock")
    run.inode = own.st_ino if own else 0
    run.touched = own.st_mtime_ns if own else 0
    run.size, run.changed = (journal.st_size, journal.st_mtime_ns) if journal else (-1, 0)
    run.lock = lock.st_ino if lock else 0
    return own is not None and time.time_ns() - max(run.changed, run.touched) > 2_000_000_000


def changed(folder: int, runs: Iterable[Kept]) -> set[str]:
    """The names of those whose journal is not as it was when they were stamped."""
    found, stat = set(), os.stat
    for one in runs:
        name, run = one.name, one.full()
        try:
            now = stat(f"{name}/journal.jsonl", dir_fd=folder, follow_symlinks=False)
            if now.st_mtime_ns != run.changed or now.st_size != run.size:
                found.add(name)
        except OSError:
            if run.size >= 0:
                found.add(name)
    return found


def touched(folder: int, run: RunSummary) -> bool:
    """Whether something was put into a run's folder, such as labels by other means than ours."""
    own = _stat(folder, run.name)
    return own is None or own.st_mtime_ns != run.touched


def locked(folder: int) -> frozenset[int]:
    """The inodes that some process of this machine has locked, on the disk of ``folder``. A hint
    that costs next to nothing: other machines' locks are not in it."""
    try:
        device = os.fstat(folder).st_dev
        with open("/proc/locks", encoding="ascii", errors="replace") as file:
            lines = file.read(1 << 20).splitlines()
    except OSError:
        return frozenset()
    disk = f"{os.major(device):02x}:{os.minor(device):02x}:"
    places = (part for line in lines for part in line.split() if part.startswith(disk))
    numbers = (part.rpartition(":")[2] for part in places)
    return frozenset(int(number) for number in numbers if number.isdecimal())


def _stat(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return None


def writable(run: Kept) -> bool:
    """Whether an entry would be read again; MessagePack has no word for what is not UTF-8."""
    if isinstance(run, Packed):
        return True
    try:
        plausible = run.state in OVER and 0 <= (run.started or 0.0) < _LATEST
        return plausible and run.name.encode() is not None
    except UnicodeEncodeError:
        return False


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of garbage, which would look through a hundred thousand new objects
    again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
