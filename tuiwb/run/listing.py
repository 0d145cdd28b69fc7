"""Finding runs: all of a folder, newest first, and one by (the beginning of) its name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tuiwb.base.clock import Clock, SystemClock
from tuiwb.base.errors import UserError, nearest
from tuiwb.base.text import clean
from tuiwb.run.facts import Facts
from tuiwb.run.files import is_folder
from tuiwb.run.journal import MAX_LINE, last_events
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import holder
from tuiwb.run.meta import number, read_meta
from tuiwb.run.reader import check, last
from tuiwb.run.status import derive
from tuiwb.run.tables import Tables


@dataclass(frozen=True)
class RunSummary:
    """A run in one line. ``state`` is a status' state, or ``unreadable``; ``words`` say it in full;
    ``loss`` is the last step's, None where there is none."""

    id: str
    state: str
    preset: str
    step: int
    steps: int | None
    started: float | None
    path: Path
    loss: float | None
    words: str = ""


def list_runs(runs_dir: Path, clock: Clock | None = None) -> list[RunSummary]:
    """The runs in a folder, newest first. Reads only tails; passes by what is not a run."""
    clock = clock or SystemClock()
    found = [summary for path in _folders(runs_dir) if (summary := summarise(path, clock))]
    return sorted(found, key=lambda run: (run.started or 0.0, run.id), reverse=True)


def summarise(path: Path, clock: Clock | None = None) -> RunSummary | None:
    """One run in one line; None where the folder is not a run. Never raises."""
    clock, paths = clock or SystemClock(), RunPaths(path)
    meta, _ = read_meta(paths)
    created, preset = number(meta.get("created")), clean(str(meta.get("preset", "")), 200)
    try:
        check(paths)
    except (UserError, OSError) as error:
        what = error.what if isinstance(error, UserError) else str(error)
        if not meta:
            return None
        return RunSummary(
            clean(path.name, 200), "unreadable", preset, 0, None, created, path, None, what
        )
    held = holder(paths.lock)
    facts = Facts()
    for limit in (1 << 16, 2 * MAX_LINE):
        facts = Facts()
        for event in last_events(paths.journal, limit):
            facts.add(event)
        if facts.state is not None:
            break
    tables = Tables(paths.tables, only=("steps", "system"))
    try:
        views = tables.poll()
        step, beat = last(views.get("steps"), "step"), last(views.get("system"), "time")
        loss = views["steps"].last("loss") if "steps" in views else None
    finally:
        tables.close()
    steps = meta.get("steps")
    status = derive(
        facts,
        held,
        step=facts.step if step is None else int(step),
        steps=steps if isinstance(steps, int) else None,
        created=created,
        heartbeat=max(facts.time, held.started if held else 0.0, beat or 0.0),
        now=clock.now(),
        log=paths.log,
    )
    return RunSummary(
        id=clean(path.name, 200),
        state=status.state,
        preset=preset,
        step=status.step,
        steps=status.steps,
        started=status.started,
        path=path,
        loss=loss,
        words=status.words,
    )


def find(runs_dir: Path, text: str | None = None) -> Path:
    """The run that a person means: a path, a name, the beginning of one, or (None) the newest.

    Raises `UserError` where none or several match.
    """
    if text and (os.sep in text or text in (".", "..")):
        return Path(text).expanduser().absolute()
    names = sorted(path.name for path in _folders(runs_dir))
    if text is None:
        newest = max(_folders(runs_dir), key=_age, default=None)
        if newest is None:
            raise UserError(
                "there are no runs yet",
                where=str(runs_dir),
                next="train one with: tuiwb run mlp-digits, or give another place with --runs DIR",
            )
        return newest
    if text in names or is_folder(runs_dir / text):
        return runs_dir / text  # a folder that is no run is said to be none when it is read
    matches = [name for name in names if text and name.startswith(text)]
    if len(matches) == 1:
        return runs_dir / matches[0]
    if matches:
        raise UserError(
            f"{clean(text, 120)!r} is the beginning of {len(matches)} runs",
            where=str(runs_dir),
            found=clean(text, 120),
            allowed=_some(matches),
            next="give more of the name",
        )
    raise UserError(
        f"there is no run {clean(text, 120)!r}",
        where=str(runs_dir),
        found=clean(text, 120),
        allowed=_some(names) or "there are no runs yet",
        nearest=nearest(text, names),
        next="list the runs with: tuiwb ls",
    )


def _folders(runs_dir: Path) -> list[Path]:
    """Folders that could be runs: not hidden, not links, not without any mark of a run."""
    try:
        names = [name for name in os.listdir(runs_dir) if not name.startswith(".")]
    except OSError:
        return []
    found = (runs_dir / name for name in names)
    marks = ("meta.json", "journal.jsonl", "tables")
    return [p for p in found if is_folder(p) and any(os.path.lexists(p / m) for m in marks)]


def _age(path: Path) -> tuple[float, str]:
    created = number(read_meta(RunPaths(path))[0].get("created"))
    return created or 0.0, path.name


def _some(names: list[str]) -> str:
    shown = ", ".join(clean(name, 60) for name in names[-12:])
    return shown if len(names) <= 12 else f"... {shown}"
