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

import msgspec

from tuiwb.run.files import read_small, replace
from tuiwb.run.kept import RunSummary

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
    entries: list[RunSummary] = msgspec.field(default_factory=list)


_decoder = msgspec.msgpack.Decoder(Index)


def read(folder: Path) -> Index:
    """What the index says; an empty one where it cannot be used. Who shows a text of it cleans it,
    as any text of a stranger's."""
    try:
        data = read_small(folder / NAME, _MAX)
    except OSError:
        return Index()
    with _uncollected():
        try:
            index = _decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return Index()
        if index.what != "tuiwb" or index.version != VERSION:
            return Index()
        place, same = str(folder), dict[str, str]()
        one = same.setdefault
        for run in index.entries:
            # most runs share these words, and there may be very many runs
            run.state, run.preset, run.words = (
                one(run.state, run.state), one(run.preset, run.preset), one(run.words, run.words)
            )  # fmt: skip
            run.place = place
        index.entries = [run for run in index.entries if run.state in OVER]
    return index


def write(folder: Path, runs: Iterable[RunSummary], scanned: int, others: list[str]) -> None:
    """Put an index of these runs in the place of the one there. Does nothing where it cannot."""
    entries = [msgspec.structs.astuple(run)[:-1] for run in runs if _writable(run)]
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


def changed(folder: int, runs: Iterable[RunSummary]) -> set[str]:
    """The names of those whose journal is not as it was when they were stamped."""
    found, stat = set(), os.stat
    for run in runs:
        name = run.raw or run.id
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


def _writable(run: RunSummary) -> bool:
    """Whether an entry would be read again; MessagePack has no word for what is not UTF-8."""
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
