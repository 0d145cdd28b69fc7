"""All tables of a run as they grow: which segments there are and which of their rows count."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from tuiwb.base.text import one_line
from tuiwb.run.decimate import Part
from tuiwb.run.files import is_folder
from tuiwb.run.npy import NotATable
from tuiwb.run.segment import Segment
from tuiwb.run.segments import segments
from tuiwb.run.tableview import TableView

_MAX_FILES = 4096


class Tables:
    """Follows a folder of tables (or ``only`` some). `poll` gives frozen views; unchanged tables
    keep theirs.

    A later segment takes back the rows of earlier ones at or past the step where it begins: a
    resumed run trained them anew. Where it is known that a run was resumed (``cuts``: of a table,
    the number of the first new segment and the step of the checkpoint), all past that step is.
    """

    def __init__(self, folder: Path, only: tuple[str, ...] | None = None) -> None:
        self._folder = folder
        self._only = only
        self._open: dict[Path, Segment] = {}
        self._views: Mapping[str, TableView] = MappingProxyType({})
        self.problems: tuple[str, ...] = ()

    def poll(
        self, cuts: Mapping[str, Sequence[tuple[int, int]]] | None = None
    ) -> Mapping[str, TableView]:
        """The tables as they are now. Never raises; what cannot be read is in `problems`."""
        problems: list[str] = []
        found = segments(self._folder, _MAX_FILES) if is_folder(self._folder) else {}
        kept: dict[Path, Segment] = {}
        views = {}
        for name in sorted(found if self._only is None else found.keys() & self._only):
            order = sorted(found[name].items())
            opened = [(n, s) for n, p in order if (s := self._segment(p, problems, kept))]
            parts = self._visible(opened, (cuts or {}).get(name, ()))
            if opened:
                before = self._views.get(name)
                same = before is not None and before.parts == tuple(p for p in parts if p[1])
                views[name] = before if before and same else TableView(name, parts)
        self._open = kept  # segments that have gone close with the last view that shows them
        self.problems = tuple(problems)
        if list(views) != list(self._views) or any(self._views[n] is not views[n] for n in views):
            self._views = MappingProxyType(views)
        return self._views

    def catch_up(self, expired: Callable[[], bool] | None = None) -> bool:
        """Go on summarising the columns that were drawn before; whether that is done."""
        done = True
        for segment in self._open.values():
            done &= segment.catch_up(expired)
        return done

    def close(self) -> None:
        """Let go of the files. Those that a view still shows close with the last such view."""
        self._open = {}
        self._views = MappingProxyType({})

    def _segment(
        self, path: Path, problems: list[str], kept: dict[Path, Segment]
    ) -> Segment | None:
        segment = self._open.get(path)
        try:
            if segment is not None:
                status = os.lstat(path)
                rows = segment.rows
                replaced = (status.st_dev, status.st_ino) != segment.identity
                if replaced or segment.refresh() < rows:
                    segment = None  # a copy brought up to date, or a file cut back: begin anew
            kept[path] = segment = segment or Segment(path)
        except FileNotFoundError:
            return None  # deleted between listing and looking
        except (OSError, NotATable) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            problems.append(one_line(f"tables/{path.name}: {why}", 300))
            return None
        return segment

    def _visible(
        self, opened: Sequence[tuple[int, Segment]], cuts: Sequence[tuple[int, int]]
    ) -> list[Part]:
        parts: list[Part] = []
        bound: float | None = None
        for number, segment in reversed(opened):
            past = [step + 1 for begin, step in cuts if number < begin]
            if past:
                bound = min(past) if bound is None else min(bound, *past)
            stop = segment.rows
            if bound is not None and "step" in segment.columns and segment.shape("step") == ():
                stop = segment.first_at_least("step", bound, segment.rows)
            begin = segment.first()
            if begin is not None and begin == begin:
                bound = begin if bound is None else min(bound, begin)
            parts.append((segment, stop))
        return parts[::-1]
