"""The index of a runs folder: one hidden file with the summaries of runs that are over.

It is a cache. Each entry carries what changes when its run changes; whatever is missing, damaged
or not ours to understand is read anew from the runs. It is replaced whole, so several processes
may write it: the last one wins, and the loser's work is done again.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tuiwb.run.files import read_small, replace
from tuiwb.run.kept import RunSummary

NAME = ".index"
VERSION = 1
"""Of the entries' fields: one written with other fields is not read."""
OVER = frozenset(("finished", "stopped", "diverged", "failed", "crashed"))
_MAX = 1 << 28  # bytes
_AGES = 1e12


class _Index(msgspec.Struct, array_like=True):
    what: str
    version: int
    entries: list[RunSummary]


_decoder = msgspec.msgpack.Decoder(_Index)


def read(folder: Path) -> dict[str, RunSummary]:
    """Name -> summary of the runs that were over when the index was written, newest first; nothing
    where it cannot be used. Who shows a text of it cleans it, as any text of a stranger's."""
    try:
        data = read_small(folder / NAME, _MAX)
    except OSError:
        return {}
    with _uncollected():
        try:
            index = _decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return {}
        if index.what != "tuiwb" or index.version != VERSION:
            return {}
        same: dict[str, str] = {}
        place, found = str(folder), {}
        for run in index.entries:
            if run.state not in OVER or not 0 <= (run.started or 0.0) < _AGES or "/" in run.name:
                return {}
            # most runs share these words, and there may be very many runs
            run.state = same.setdefault(run.state, run.state)
            run.preset = same.setdefault(run.preset, run.preset)
            run.words = same.setdefault(run.words, run.words)
            run.place = place
            found[run.name] = run
    return found


def write(folder: Path, runs: Iterable[RunSummary]) -> None:
    """Put an index of these runs in the place of the one there. Does nothing where it cannot."""
    entries = [msgspec.structs.astuple(run)[:-1] for run in runs if _writable(run)]
    with contextlib.suppress(OSError):
        replace(folder / NAME, msgspec.msgpack.encode(("tuiwb", VERSION, entries)))


def stamp(folder: int, run: RunSummary) -> bool:
    """Note on ``run`` what its folder looks like; whether that can be relied on from now on.

    ``folder`` is a descriptor of the runs folder. What was changed a moment ago may be changed
    again without looking different: the clock of the file system ticks slowly.
    """
    import time

    name = run.name
    own = _stat(folder, name)
    journal, lock = _stat(folder, f"{name}/journal.jsonl"), _stat(folder, f"{name}/worker.lock")
    run.inode = own.st_ino if own else 0
    run.touched = own.st_mtime_ns if own else 0
    run.size, run.changed = (journal.st_size, journal.st_mtime_ns) if journal else (-1, 0)
    run.lock = lock.st_ino if lock else 0
    return own is not None and time.time_ns() - max(run.changed, run.touched) > 2_000_000_000


def same(folder: int, run: RunSummary, closely: bool = False) -> bool:
    """Whether the journal of a run is as it was when it was stamped; ``closely``: and the folder
    too, in which a file of labels may have been put by other means than ours."""
    try:
        journal = os.stat(f"{run.name}/journal.jsonl", dir_fd=folder, follow_symlinks=False)
        if journal.st_size != run.size or journal.st_mtime_ns != run.changed:
            return False
    except OSError:
        if run.size >= 0:
            return False
    if not closely:
        return True
    own = _stat(folder, run.name)
    return own is not None and own.st_mtime_ns == run.touched


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
    """MessagePack has no word for a name that is not UTF-8."""
    try:
        return run.state in OVER and run.name.encode() is not None
    except UnicodeEncodeError:
        return False


@contextlib.contextmanager
def _uncollected():  # type: ignore[no-untyped-def]
    """Without the collector of garbage, which would look through a hundred thousand new objects
    again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
