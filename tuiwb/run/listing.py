"""The runs of a folder, however many: one that is over is read once, and again if it changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from tuiwb.base.clock import Clock, SystemClock
from tuiwb.run import index
from tuiwb.run.kept import Kept, Packed, Runs, RunSummary, pack

__all__ = ["Listing", "RunSummary", "list_runs"]

SAVE = 1000
"""One in so many entries may be missing from the index before it is written again."""
PATIENCE = 10.0
"""Seconds of reading after which what was read is saved: an interrupted first look is not lost."""


def _age(one: Kept) -> tuple[float, str]:
    run = one.full()
    return run.started or 0.0, run.id


def list_runs(runs_dir: Path, clock: Clock | None = None) -> Sequence[RunSummary]:
    """The runs in a folder, newest first. Reads only tails; passes by what is not a run."""
    with Listing(runs_dir, clock) as listing:
        listing.look()
        return listing.runs


class Listing:
    """Follows a runs folder. `look` brings `runs` up to date; a list that was given out stays."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self.folder = Path(folder)
        self.runs: Runs
        """Newest first. The same object as before where a look found nothing new."""
        self.unread = 0
        """Runs that the last look had no time for."""
        self.said: Callable[[int, int], None] = lambda read, all: None
        """Told now and then, while runs are read for the first time: how many of how many."""
        self._clock = clock or SystemClock()
        self._fd = -1
        self._turn = 0
        self._begin(index.Known())

    def _begin(self, known: index.Known) -> None:
        self.runs = Runs(known.entries)
        self._known: dict[str, Kept] = {run.name: run for run in known.entries}
        self._strangers: frozenset[int] = frozenset()  # locks that are of no run here
        self._unsure: set[str] = set()  # may change without their journal telling
        self._odd: dict[str, int] = {}  # folders that are no runs: name -> inode
        self._waiting: list[str] = known.others  # not read yet
        self._scanned = self._saved = known.scanned
        self._stale = 0  # entries of the index that are missing or not true any more

    def look(self, budget_s: float | None = None, check: int | None = None) -> None:
        """Read what is new, for about ``budget_s`` seconds where given, and live runs again; of
        those that are over check ``check`` in turn (None: all) for having been taken up again."""
        if not self._open():
            return
        changed = self._scan()
        changed |= self._read(self._suspects(check), budget_s)
        if changed:
            self.runs = Runs(sorted(self._known.values(), key=_age, reverse=True))
            self._strangers = frozenset()
        if not self.unread and (
            self._stale > len(self._known) // SAVE or self._saved != self._scanned != 0
        ):
            self.save()

    @property
    def known(self) -> Mapping[str, Kept]:
        """All of `runs` by the names of their folders."""
        return self._known

    def refresh(self, runs: Iterable[RunSummary]) -> list[RunSummary]:
        """These runs as they are now, without those that have gone: what is about to be shown."""
        fresh = (
            self._examine(run.name)
            if run.name in self._unsure
            or index.touched(self._fd, run)
            or index.changed(self._fd, [run])
            else run
            for run in runs
        )
        return [run for run in fresh if run is not None]

    def save(self) -> None:
        """Write the index, where there is anything to write."""
        if self._known:
            # in the order in which they are listed, unless they are still being read
            runs = self._known.values() if self.unread else self.runs.kept
            over = (run for run in runs if run.name not in self._unsure)
            others = [*self._unsure, *self._odd]
            index.write(self.folder, over, 0 if self.unread else self._scanned, others)
            self._stale, self._saved = 0, self._scanned

    def close(self) -> None:
        """Let go of the folder. May be called twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> Listing:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> bool:
        """Whether the folder is there; another one in its place is begun anew."""
        try:
            now = os.stat(self.folder)
            if self._fd >= 0 and not os.path.samestat(now, os.fstat(self._fd)):
                self.close()
            if self._fd < 0:
                self._fd = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                self._begin(index.read(self.folder))
        except OSError:
            self.close()
            self._begin(index.Known())
        return self._fd >= 0

    def _scan(self) -> bool:
        """Which folders there are; whether a known one has gone or is another of the same name."""
        try:
            now = os.stat(self.folder).st_mtime_ns
            if now == self._scanned:
                return False
            # what changes within a tick of the file system's clock would not be noticed
            self._scanned = now if time.time_ns() - now > 2_000_000_000 else 0
            with os.scandir(self.folder) as entries:
                names = {
                    entry.name: entry.inode()
                    for entry in entries
                    if entry.name[0] != "." and entry.is_dir(follow_symlinks=False)
                }
        except OSError:
            names = {}
        gone = [n for n, run in self._known.items() if names.get(n, -1) != run.full().inode]
        for name in gone:
            del self._known[name]
            self._unsure.discard(name)
        self._stale += len(gone)
        self._odd = {n: i for n, i in self._odd.items() if names.get(n) == i}
        known, odd = self._known, self._odd
        self._waiting = [n for n in names if n not in known and n not in odd]
        return bool(gone)

    def _suspects(self, check: int | None) -> set[str]:
        """Runs that may have changed: the unsure, those that somebody has locked, and the next of
        the others whose journal is not what it was."""
        suspects = set(self._unsure)
        mine = {self._known[name].full().lock for name in self._unsure if name in self._known}
        if held := index.locked(self._fd) - mine - self._strangers:
            locked = {
                n: run.lock for n, one in self._known.items() if (run := one.full()).lock in held
            }
            suspects |= locked.keys()
            self._strangers |= held - set(locked.values())
        over = self._known.values()
        if check is not None and check < len(over):
            start, self._turn = self._turn % len(over), (self._turn + check) % len(over)
            return suspects | index.changed(self._fd, islice(over, start, start + check))
        return suspects | index.changed(self._fd, over)

    def _read(self, suspects: set[str], budget_s: float | None) -> bool:
        """Read these again and the waiting for the first time; whether anything is new."""
        begin = saved = time.monotonic()
        changed, all = False, len(suspects) + len(self._waiting)
        for done, name in enumerate((*sorted(suspects), *self._waiting)):
            before = self._known.get(name)
            self._examine(name)
            changed |= self._known.get(name) is not before
            now = time.monotonic()
            self.unread = all - done - 1
            if budget_s is not None and now - begin > budget_s and done >= len(suspects):
                break
            if now - saved > PATIENCE and self.unread:
                self.save()
                saved = time.monotonic()
            if done % 256 == 255:
                self.said(done + 1, all)
        self._waiting = self._waiting[len(self._waiting) - self.unread :] if self.unread else []
        return changed

    def _examine(self, name: str) -> RunSummary | None:
        """Read one run and take note of it; None where there is none of that name."""
        from tuiwb.run.summary import examine  # which a listing without news spares

        before = self._known.get(name)
        mark = RunSummary(name, "")
        settled = index.stamp(self._fd, mark)  # before it is read: what comes later is news
        run, over = examine(self.folder / name, self._clock)
        if run is None:
            self._stale += self._known.pop(name, None) is not None
            self._unsure.discard(name)
            self._odd[name] = mark.inode
            return None
        for field in ("inode", "lock", "size", "changed", "touched"):
            setattr(run, field, getattr(mark, field))
        known = before.full() if before is not None else None
        if over and settled:
            self._unsure.discard(name)
            self._stale += run != known
        else:
            self._unsure.add(name)
        if before is None or run != known:
            self._known[name] = run
        if over and settled and index.writable(run):
            self._known[name] = before if isinstance(before, Packed) and run == known else pack(run)
        return run
