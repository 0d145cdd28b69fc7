"""What a run has from the one that it forks from: all that happened up to a step, as its own.

The parent is read and never written; the child is a folder that is being made. Rows go through
memory a piece at a time, however many there are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tuiwb.run import checkpoints
from tuiwb.run.files import write_all
from tuiwb.run.journal import encode, events
from tuiwb.run.layout import RunPaths
from tuiwb.run.table import TableWriter
from tuiwb.run.tableview import TableView

_CHUNK = 1 << 23
"""Bytes of rows that are in memory at a time."""


def inherit(parent: RunPaths, tables: Mapping[str, TableView], child: RunPaths, step: int) -> None:
    """Put the parent's checkpoint of ``step`` into ``child``, and of its ``tables`` (as a reader
    shows them), evaluations, pictures and accepted commands all up to that step.

    Raises OSError: a full disk, a parent that has gone.
    """
    checkpoints.take_over(parent.checkpoint(step), child.checkpoint(step))
    for name, table in tables.items():
        _rows(name, table, child.tables, step)
    _events(parent, child, step)


def _rows(name: str, table: TableView, folder: Path, step: int) -> None:
    writer: TableWriter | None = None
    try:
        for segment, rows in table.parts:
            if "step" not in segment.columns or segment.shape("step") != ():
                continue
            stop = segment.first_at_least("step", step + 1, rows)
            if stop and (writer is None or writer.dtype != segment.dtype):
                if writer is not None:
                    writer.close()
                writer = TableWriter(folder, name, segment.dtype)
            at, many = 0, max(1, _CHUNK // segment.dtype.itemsize)
            while writer is not None and at < stop:
                piece = segment.read(at, min(at + many, stop))
                if not len(piece):
                    break  # cut short under our hands
                writer.append(piece)
                at += len(piece)
    finally:
        if writer is not None:
            writer.close()


def _events(parent: RunPaths, child: RunPaths, step: int) -> None:
    fd = os.open(child.journal, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    try:
        for event in _standing(parent.journal):
            if event["step"] is None or event["step"] > step:
                continue
            if event["kind"] == "picture" and not _picture(event, parent, child):
                continue
            write_all(fd, encode(event | {"inherited": True}, None))
    finally:
        os.close(fd)


def _standing(journal: Path) -> Iterator[dict[str, Any]]:
    """Evaluations, pictures and accepted commands, but for those that a resume took back."""
    resumes = [
        (number, event["from_step"])
        for number, event in enumerate(events(journal))
        if event["kind"] == "resumed" and isinstance(event.get("from_step"), int)
    ]
    for number, event in enumerate(events(journal)):
        while resumes and resumes[0][0] <= number:
            resumes.pop(0)
        bound = min((from_step for _, from_step in resumes), default=None)
        # a command at the step of the checkpoint is told again by whoever obeys it again
        last = event["kind"] == "command"
        taken_back = bound is not None and (event["step"] or 0) > bound - last
        if not taken_back and (
            event["kind"] in ("evaluation", "picture")
            or (event["kind"] == "command" and event.get("accepted"))
        ):
            yield event


def _picture(event: Mapping[str, Any], parent: RunPaths, child: RunPaths) -> bool:
    """Link the picture that an event tells of; false where that cannot be had for nothing."""
    name = str(event.get("path", "")).removeprefix("pictures/")
    if "/" in name or name.startswith(".") or not name:
        return False
    source = parent.pictures / name
    try:
        if source.is_symlink():
            return False
        os.link(source, child.pictures / name, follow_symlinks=False)
    except OSError:
        return False
    return True
