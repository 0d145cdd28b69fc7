"""Reading a run, live or finished: look again and again, get a frozen view each time."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tuiwb.base.clock import Clock, SystemClock
from tuiwb.base.errors import UserError
from tuiwb.base.text import one_line
from tuiwb.run.checking import check
from tuiwb.run.facts import Facts
from tuiwb.run.files import read_small
from tuiwb.run.journal import MAX_LINE, JournalTail
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import holder
from tuiwb.run.meta import MAX_SMALL, number, read_meta
from tuiwb.run.status import Status, derive
from tuiwb.run.tables import Tables
from tuiwb.run.tableview import TableView
from tuiwb.run.view import GONE, RunView
from tuiwb.spec import Resolved, from_toml


class RunReader:
    """Follows one run directory. The constructor raises `UserError` (missing, empty, newer
    version, not a run); after that nothing does, whatever happens to the folder."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self.paths = RunPaths(Path(path))
        self._clock = clock or SystemClock()
        check(self.paths)
        self._meta, self._meta_problem = read_meta(self.paths)
        self._spec: Resolved | None = None
        self._spec_problem = ""
        self._facts = Facts()
        self._tail = JournalTail(self.paths.journal, self._begin_anew)
        self._tables = Tables(self.paths.tables)
        self._view: RunView | None = None
        self._changed = True
        self._beat = -1.0
        self._seen = 0.0
        """When (monotonic) the latest sign of life was first seen."""

    def poll(self, budget_s: float | None = 0.05) -> RunView:
        """What the run is now. Reads what is new for about ``budget_s`` seconds (None: to the
        end) and says in ``behind`` whether more is waiting; every call gets further."""
        if self._view is not None and not os.path.isdir(self.paths.root):
            return self._gone(self._view)
        deadline = None if budget_s is None else self._clock.monotonic() + budget_s
        expired = None if deadline is None else (lambda: self._clock.monotonic() >= deadline)
        held = holder(self.paths.lock)  # before the journal: see `derive`
        settled = self._read_journal(expired)
        if self._spec is None and not self._spec_problem:
            self._read_spec()
        tables = self._tables.poll(self._facts.cuts)
        behind = not settled
        behind |= not self._tables.catch_up(expired)
        facts, created = self._facts, number(self._meta.get("created"))
        step = last(tables.get("steps"), "step")
        beats = (last(tables.get(name), "time") for name in ("steps", "system"))
        beat = max(facts.time, held.started if held else 0.0, *(b or 0.0 for b in beats))
        if beat != self._beat:
            self._beat, self._seen = beat, self._clock.monotonic()
        status = derive(
            facts,
            held,
            step=facts.step if step is None else int(step),
            steps=self._steps(),
            created=created,
            heartbeat=beat,
            quiet=self._clock.monotonic() - self._seen,
            now=self._clock.now(),
            log=self.paths.log,
            settled=settled,
        )
        return self._made(status, tables, behind)

    def close(self) -> None:
        """Let go of the files; views that were given out go on working. May be called twice."""
        self._tables.close()
        self._view = None

    def __enter__(self) -> RunReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _gone(self, old: RunView) -> RunView:
        """The whole folder was deleted: what was seen last, and that there will be no more."""
        if GONE not in old.problems:
            status = old.status
            if not status.ended_now:
                words = f"crashed at step {status.step}: its folder is gone"
                status = replace(status, state="crashed", words=words)
            problems = (*old.problems, GONE)
            old = self._view = replace(old, status=status, problems=problems, behind=False)
        return old

    def _made(self, status: Status, tables: Any, behind: bool) -> RunView:
        problems = self._problems()
        old = self._view
        if (
            old is not None
            and not self._changed
            and old.tables is tables
            and (old.status, old.problems, old.behind) == (status, problems, behind)
        ):
            return old
        facts = self._facts
        events = old.events if old and not self._changed else tuple(facts.events)
        self._changed = False
        self._view = RunView(
            id=one_line(self.paths.id, 200),
            path=self.paths.root,
            preset=one_line(
                str(self._spec.preset if self._spec else self._meta.get("preset", "")), 200
            ),
            spec=self._spec,
            meta=self._meta,
            status=status,
            tables=tables,
            events=events,
            layers=facts.layers,
            parameters=facts.parameters,
            data=facts.data,
            device=facts.device,
            baselines=facts.baselines,
            metrics=facts.metrics,
            findings=tuple(facts.findings),
            problems=problems,
            behind=behind,
        )
        return self._view

    def _read_journal(self, expired: Callable[[], bool] | None) -> bool:
        """Take in new events; whether the journal is read to its end."""
        while True:
            events = self._tail.read(MAX_LINE)
            for event in events:
                self._facts.add(event)
            self._changed |= bool(events)
            if not self._tail.behind:
                return True
            if expired and expired():
                return False

    def _begin_anew(self) -> None:
        self._facts = Facts()
        self._changed = True

    def _read_spec(self) -> None:
        try:
            text = read_small(self.paths.spec, MAX_SMALL).decode("utf-8")
            self._spec = from_toml(text, str(self.paths.spec))
        except FileNotFoundError:
            return  # a copy may still be under way: looked for again at the next poll
        except OSError as error:
            self._spec_problem = f"spec.toml: {error.strerror}"
        except UnicodeDecodeError:
            self._spec_problem = "spec.toml: not UTF-8 text"
        except (UserError, RecursionError) as error:
            self._spec_problem = f"spec.toml: {one_line(' '.join(str(error).split()), 300)}"
        self._changed = True

    def _problems(self) -> tuple[str, ...]:
        missing_spec = not self._spec and not self._meta.get("watched")
        spec = self._spec_problem or ("spec.toml: missing" if missing_spec else "")
        own = (self._meta_problem, spec)
        missing = tuple(
            f"{path.name}: missing"
            for path in (self.paths.journal, self.paths.tables)
            if not os.path.lexists(path)
        )
        return tuple(p for p in own if p) + missing + self._tables.problems

    def _steps(self) -> int | None:
        if self._spec is not None:
            return self._spec.spec.train.steps
        planned = self._meta.get("steps")
        return planned if isinstance(planned, int) else None


def last(table: TableView | None, column: str) -> float | None:
    """The newest value of a column where it is a plausible number."""
    value = table.last(column) if table is not None else None
    return value if value is not None and abs(value) < 1e18 else None
