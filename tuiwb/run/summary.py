"""A run in one line, from the tails of its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tuiwb.base.clock import Clock, SystemClock
from tuiwb.base.errors import UserError
from tuiwb.base.text import one_line
from tuiwb.run.checking import check
from tuiwb.run.ending import last_row
from tuiwb.run.facts import FINAL, Facts
from tuiwb.run.files import read_tail
from tuiwb.run.journal import MAX_LINE, last_events, parse_event
from tuiwb.run.kept import RunSummary
from tuiwb.run.labels import read_tags
from tuiwb.run.layout import FORMAT, RunPaths
from tuiwb.run.lock import Holder, holder
from tuiwb.run.meta import number, read_meta
from tuiwb.run.segments import segments
from tuiwb.run.status import derive

LONG_DEAD = 86_400.0
"""Seconds without a sign of life after which a run of another machine is over for good."""
MACHINES = ("data", "worker")
"""Who writes notes without being a person."""
_TAIL = 1 << 16
_FAR = 1 << 22  # bytes of a journal that are looked through for a note
_NOTE = b'"kind": "note"'


def summarise(path: Path, clock: Clock | None = None) -> RunSummary | None:
    """One run in one line; None where the folder is not a run. Never raises."""
    return examine(path, clock or SystemClock())[0]


def examine(path: Path, clock: Clock) -> tuple[RunSummary | None, bool]:
    """The same, and whether it is over for sure: then it changes no more unless it is resumed,
    which its journal tells. False where somebody might be training it."""
    paths = RunPaths(path)
    meta, _ = read_meta(paths)
    format = meta.get("format")
    if not isinstance(format, int) or format > FORMAT:
        try:
            check(paths)
        except (UserError, OSError) as error:
            what = error.what if isinstance(error, UserError) else str(error)
            return (_line(path, meta, state="unreadable", words=what) if meta else None), False
    held = holder(paths.lock)  # before the journal: see `derive`
    facts, begun = _fold(paths)
    tables = segments(paths.tables, 4096)
    step, loss = last_row(tables.get("steps", {}), ("step", "loss"))
    final = facts.state in FINAL
    beat = None if final else last_row(tables.get("system", {}), ("time",))[0]
    steps, now = meta.get("steps"), clock.now()
    status = derive(
        facts,
        held,
        step=facts.step if step is None else int(step),
        steps=steps if isinstance(steps, int) else None,
        created=number(meta.get("created")),
        heartbeat=max(facts.time, held.started if held else 0.0, beat or 0.0),
        now=now,
        log=paths.log,
    )
    summary = _line(
        path,
        meta,
        state=status.state,
        words=one_line(status.words, 200),
        step=status.step,
        steps=status.steps,
        started=status.started,
        ended=status.ended,
        loss=loss,
        tags=read_tags(paths),
        note=_note(paths, facts, begun, status.ended_now),
    )
    return summary, status.ended_now and _over(status.state, held, status.ended, now)


def _over(state: str, held: Holder | None, ended: float | None, now: float) -> bool:
    if state in FINAL:
        return not (held and held.alive)
    known_dead = held is not None and held.alive is False
    return known_dead or now - (ended or 0.0) > LONG_DEAD


def _line(path: Path, meta: dict[str, Any], state: str, words: str, **more: Any) -> RunSummary:
    name = path.name
    shown = one_line(name, 200)
    parent = meta.get("parent")
    about = parent if isinstance(parent, dict) else {}
    step, sweep = about.get("step"), meta.get("sweep")
    more.setdefault("started", number(meta.get("created")))
    return RunSummary(
        id=shown,
        state=state,
        preset=_text(meta.get("preset"), 200),
        words=words,
        uid=_text(meta.get("uid"), 64),
        sweep=_text(sweep.get("name"), 200) if isinstance(sweep, dict) else "",
        parent=_text(about.get("run"), 200),
        parent_uid=_text(about.get("uid"), 64),
        parent_step=step if isinstance(step, int) and 0 <= step < 1 << 62 else None,
        raw="" if shown == name else name,
        place=str(path.parent),
        **more,
    )


def _fold(paths: RunPaths) -> tuple[Facts, bool]:
    """What the end of the journal adds up to, and whether that was all of it."""
    facts, whole = Facts(), True
    for limit in (_TAIL, 2 * MAX_LINE):
        facts, whole = Facts(), _size(paths.journal) <= limit
        for event in last_events(paths.journal, limit):
            facts.add(event)
        if facts.state is not None or whole:
            break
    return facts, whole


def _note(paths: RunPaths, facts: Facts, whole: bool, ended: bool) -> str:
    """The newest note of a person; of a live run only one at the end of its journal is seen."""
    for event in reversed(facts.events):
        if (text := _by_a_person(event)) is not None:
            return text
    if whole or not ended:
        return ""
    try:
        data = read_tail(paths.journal, _FAR)
    except OSError:
        return ""
    at = len(data)
    while (at := data.rfind(_NOTE, 0, at)) >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        event = parse_event(data[start : data.find(b"\n", at)])
        if event is not None and (text := _by_a_person(event)) is not None:
            return text
    return ""


def _by_a_person(event: dict[str, Any]) -> str | None:
    text = event.get("text")
    if event["kind"] != "note" or event.get("by") in MACHINES or not isinstance(text, str):
        return None
    return one_line(" ".join(text.split()), 200)


def _text(value: object, limit: int) -> str:
    return one_line(value, limit) if isinstance(value, str) else ""


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
