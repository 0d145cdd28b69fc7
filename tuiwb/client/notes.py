"""A line about a run: from its worker's hand while it lives, from ours once it is over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tuiwb.base.errors import UserError
from tuiwb.client.control import refused, tell
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.person import person
from tuiwb.run.place import still
from tuiwb.run.reader import RunReader
from tuiwb.run.view import RunView

LONGEST = 500
"""Characters of one note."""


def note(path: Path, text: str, by: str = "cli", timeout: float = 30.0) -> dict[str, Any]:
    """Write a note into a run's journal and return its event, or the worker's answer.

    Only the worker writes the journal while it lives: then it is asked to. `UserError`: not a run,
    nothing to note, a refusal, or a folder that cannot be written.
    """
    line = " ".join(text.split())
    if not 0 < len(line) <= LONGEST:
        raise UserError(
            "a note is a line of text",
            found=f"{len(line)} characters",
            allowed=f"1 to {LONGEST} characters",
            next=f'tuiwb note {path.name} "lower the rate next time"',
        )
    view = _view(path)
    if not view.status.ended_now:
        answer = tell(view, "note", {"text": line}, by, timeout)
        if not answer.get("accepted"):
            raise refused(view.id, answer)
        return answer
    return _write(view, line, by)


def _write(view: RunView, line: str, by: str) -> dict[str, Any]:
    paths = RunPaths(view.path)
    try:
        with still(view.path, "noted by anybody but its worker"), Journal(paths.journal) as journal:
            return journal.write("note", view.status.step, text=line, by=by, who=person())
    except OSError as error:
        raise UserError(
            f"cannot write the journal of {view.id}: {error.strerror}",
            where=str(paths.journal),
            next="the run's folder must be there and writable by you",
        ) from None


def _view(path: Path) -> RunView:
    with RunReader(path) as reader:
        return reader.poll(budget_s=None)
