"""Several runs followed at once, within one time budget: a busy one takes no other's turn."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from tuiwb.base.clock import Clock, SystemClock
from tuiwb.base.errors import UserError
from tuiwb.run.reader import RunReader
from tuiwb.run.view import RunView

MOST = 20
"""Runs that can be told apart in one chart."""
SELDOM = 8
"""A run that is over or out of sight is looked at in one of so many polls."""
_LEAST = 0.002


class Beside:
    """At most `MOST` different runs. What cannot be opened, is named twice or is one too many is
    told in ``left_out`` rather than raised: the others are there to be looked at."""

    def __init__(self, paths: Iterable[Path], clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self.left_out: list[tuple[str, str]] = []
        """Names, and why they are not shown."""
        self._paths = self._chosen(paths)
        self._readers: dict[str, RunReader] | None = None
        self._views: dict[str, RunView] = {}
        self._turn = 0
        self._queue: list[str] = []

    def _chosen(self, paths: Iterable[Path]) -> dict[str, Path]:
        different: dict[Path, Path] = {}
        for path in paths:
            if path.resolve() in different:
                self.left_out.append((path.name, "named twice, shown once"))
            else:
                different[path.resolve()] = path
        kept = list(different.values())
        self.left_out += [(path.name, f"{MOST} runs at most") for path in kept[MOST:]]
        kept = kept[:MOST]
        names = [path.name for path in kept]
        return {p.name if names.count(p.name) == 1 else str(p): p for p in kept}

    def poll(
        self, budget_s: float | None = 0.06, resting: Collection[str] = ()
    ) -> Mapping[str, RunView]:
        """The runs by their labels, in the order in which they were given; the same object again
        where nothing is new. Those that are over or ``resting`` are read less often."""
        self._open()
        assert self._readers is not None
        self._turn += 1
        deadline = None if budget_s is None else self._clock.monotonic() + budget_s
        waiting = [label for label in self._queue if self._due(label, resting)]
        fresh = dict(self._views)
        for place, label in enumerate(waiting):
            share: float | None = None
            if deadline is not None:
                left = deadline - self._clock.monotonic()
                if left <= 0 and place:
                    break  # the others are first in the next poll
                share = max(_LEAST, left / (len(waiting) - place))
            fresh[label] = self._readers[label].poll(share)
            self._queue.remove(label)
            self._queue.append(label)
        if any(fresh[label] is not self._views.get(label) for label in fresh):
            self._views = {label: fresh[label] for label in self._readers if label in fresh}
        return self._views

    @property
    def behind(self) -> bool:
        """Whether more is waiting on the disk than there was time for."""
        return len(self._views) < len(self._readers or ()) or any(
            view.behind for view in self._views.values()
        )

    def close(self) -> None:
        """Let go of the runs' files."""
        for reader in (self._readers or {}).values():
            reader.close()

    def _open(self) -> None:
        if self._readers is not None:
            return
        self._readers = {}
        for label, path in self._paths.items():
            try:
                self._readers[label] = RunReader(path, self._clock)
            except UserError as error:
                self.left_out.append((label, error.what))
        self._queue = list(self._readers)

    def _due(self, label: str, resting: Collection[str]) -> bool:
        view = self._views.get(label)
        if view is None or view.behind:
            return True
        seldom = label in resting or view.status.ended_now
        place = list(self._readers or ()).index(label)
        return not seldom or (self._turn + place) % SELDOM == 0
