"""The runs of a folder, however many: one that is over is read once, and again if it changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tuiwb.base.clock import Clock, SystemClock
from tuiwb.run import index
from tuiwb.run.kept import RunSummary

__all__ = ["Listing", "RunSummary", "list_runs"]

SAVE = 1000
"""One in so many entries may be missing from the index before it is written again."""
PATIENCE = 10.0
"""Seconds of reading after which what was read is saved: an interrupted first look is not lost."""


def list_runs(runs_dir: Path, clock: Clock | None = None) -> Sequence[RunSummary]:
    """The runs in a folder, newest first. Reads only tails; passes by what is not a run."""
    with Listing(runs_dir, clock) as listing:
        listing.look()
        return listing.runs


class Listing:
    """Follows a runs folder. `look` brings `runs` up to date; a list that was given out stays."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self.folder = Path(folder)
        self.runs: Sequence[RunSummary] = []
        """Newest first. The same object as before where a look found nothing new."""
        self.unread = 0
        """Runs that the last look had no time for."""
        self.said: Callable[[int, int], None] = lambda read, all: None
        """Told now and then, while runs are read for the first time: how many of how many."""
        self._clock = clock or SystemClock()
        self._known: dict[str, RunSummary] = {}
        self._unsure: set[str] = set()  # may change without their journal telling
        self._odd: dict[str, int] = {}  # folders that are no runs
        self._names: dict[str, int] = {}
        self._scanned = 0
        self._fd = -1
        self._stale = 0
        self._turn = 0

    def look(self, budget_s: float | None = None, check: int | None = None) -> None:
        """Read what is new, for about ``budget_s`` seconds where given, and live runs again; of
        those that are over check ``check`` in turn (None: all) for having been taken up again."""
        if not self._open():
            return
        changed = self._scan()
        suspects = self._suspects(check)
        changed |= self._read(suspects, budget_s)
        if changed or (self._known and not self.runs):
            key = lambda run: (run.started or 0.0, run.id)  # noqa: E731
            self.runs = sorted(self._known.values(), key=key, reverse=True)
        if self._stale > len(self._known) // SAVE:
            self.save()

    def refresh(self, runs: Iterable[RunSummary]) -> list[RunSummary]:
        """These runs as they are now, without those that have gone: what is about to be shown."""
        fresh = (
            run if run.name not in self._unsure and index.same(self._fd, run, closely=True)
            else self._examine(run.name)
            for run in runs
        )  # fmt: skip
        return [run for run in fresh if run is not None]

    def save(self) -> None:
        """Write the index, where there is anything that it does not know."""
        if self._stale and self.runs:
            self._write(self.runs)
            self._stale = 0

    def close(self) -> None:
        """Let go of the folder. May be called twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> Listing:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, runs: Iterable[RunSummary]) -> None:
        index.write(self.folder, (run for run in runs if run.name not in self._unsure))

    def _open(self) -> bool:
        """Whether the folder is there; another one in its place is begun anew."""
        try:
            now = os.stat(self.folder)
            if self._fd >= 0 and not os.path.samestat(now, os.fstat(self._fd)):
                self.close()
            if self._fd < 0:
                self._fd = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                self._known = index.read(self.folder)
                self._stale = 0 if self._known else 1
                self._unsure, self._odd, self._names, self._scanned = set(), {}, {}, 0
                self.runs = []
        except OSError:
            self.close()
            self.runs, self._known = [], {}
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
                self._names = {
                    entry.name: entry.inode()
                    for entry in entries
                    if entry.name[0] != "." and entry.is_dir(follow_symlinks=False)
                }
        except OSError:
            self._names = {}
        names = self._names
        gone = [n for n, run in self._known.items() if names.get(n, -1) != run.inode]
        for name in gone:
            del self._known[name]
            self._unsure.discard(name)
        if gone:
            self._stale += len(gone)
        if self._odd:
            self._odd = {n: i for n, i in self._odd.items() if names.get(n) == i}
        return bool(gone)

    def _suspects(self, check: int | None) -> list[str]:
        """Runs that may have changed: the unsure, those that somebody has locked, and the next of
        the others whose journal is not what it was."""
        live = set(self._unsure)
        if held := index.locked(self._fd):
            live |= {name for name, run in self._known.items() if run.lock in held}
        over = list(self._known.values())
        if check is not None and check < len(over):
            start, self._turn = self._turn % len(over), (self._turn + check) % len(over)
            over = over[start : start + check]
        same, fd = index.same, self._fd
        live |= {run.name for run in over if not same(fd, run)}
        return sorted(live)

    def _read(self, suspects: list[str], budget_s: float | None) -> bool:
        """Read these again and the unknown for the first time; whether anything is new."""
        new: list[str] = []
        if len(self._names) > len(self._known) + len(self._odd):
            known, odd = self._known, self._odd
            new = [n for n in self._names if n not in known and n not in odd]
        begin = saved = time.monotonic()
        changed = False
        self.unread = 0
        for done, name in enumerate((*suspects, *new)):
            before = self._known.get(name)
            changed |= self._examine(name) != before
            now = time.monotonic()
            if budget_s is not None and now - begin > budget_s and done >= len(suspects):
                self.unread = len(suspects) + len(new) - done - 1
                break
            if now - saved > PATIENCE:
                saved = now
                self._write(self._known.values())
            if done % 256 == 255:
                self.said(done + 1, len(suspects) + len(new))
        return changed

    def _examine(self, name: str) -> RunSummary | None:
        """Read one run and take note of it; None where there is none of that name."""
        from tuiwb.run.summary import examine  # with NumPy, which a listing without news spares

        before = self._known.get(name)
        mark = RunSummary(name, "")
        settled = index.stamp(self._fd, mark)  # before it is read: what comes later is news
        run, over = examine(self.folder / name, self._clock)
        if run is None:
            self._known.pop(name, None)
            self._unsure.discard(name)
            self._odd[name] = mark.inode
            return None
        for field in ("inode", "lock", "size", "changed", "touched"):
            setattr(run, field, getattr(mark, field))
        if over and settled:
            self._unsure.discard(name)
            self._stale += run != before
        else:
            self._unsure.add(name)
        if run == before:
            return before
        self._known[name] = run
        return run
