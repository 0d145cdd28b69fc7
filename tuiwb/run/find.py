"""The one run that a person means, among however many."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from tuiwb.base.errors import UserError, nearest
from tuiwb.base.text import one_line
from tuiwb.run.files import is_folder
from tuiwb.run.listing import Listing

_MARKS = ("meta.json", "journal.jsonl", "tables")
_MANY = 2000


def find(runs_dir: Path, text: str | None = None) -> Path:
    """The run that a person means: a path, a name, the beginning of one, or (None) the newest.

    Raises `UserError` where none or several match.
    """
    if text is None:
        return _newest(runs_dir)
    if os.sep in text or text in (".", ".."):
        return Path(text).expanduser().absolute()
    if text and not text.startswith(".") and is_folder(runs_dir / text):
        return runs_dir / text  # a folder that is no run is said to be none when it is read
    if text and os.path.islink(runs_dir / text):
        raise UserError(
            f"{one_line(text, 120)} is a link, not a run",
            where=str(runs_dir),
            found=f"a link to {one_line(os.readlink(runs_dir / text), 200)}",
            next="links are not followed; name the folder itself, or use --runs DIR",
        )
    names = _names(runs_dir)
    matches = sorted(n for n in names if text and n.startswith(text) and _is_run(runs_dir / n))
    if len(matches) == 1:
        return runs_dir / matches[0]
    if matches:
        raise UserError(
            f"{one_line(text, 120)!r} is the beginning of {len(matches)} runs",
            where=str(runs_dir),
            found=one_line(text, 120),
            allowed=_some(matches),
            next="give more of the name",
        )
    raise UserError(
        f"there is no run {one_line(text, 120)!r}",
        where=str(runs_dir),
        found=one_line(text, 120),
        allowed=_some(sorted(names)) or "there are no runs yet",
        nearest=nearest(text, _alike(text, names)),
        next="list the runs with: tuiwb ls",
    )


def _newest(runs_dir: Path) -> Path:
    with Listing(runs_dir) as listing:
        listing.look(check=0)
        if listing.runs:
            return listing.runs[0].path
    raise UserError(
        "there are no runs yet",
        where=str(runs_dir),
        next="train one with: tuiwb run mlp-digits, or give another place with --runs DIR",
    )


def _names(runs_dir: Path) -> list[str]:
    """Folders that could be runs: not hidden, not links."""
    try:
        with os.scandir(runs_dir) as entries:
            return [
                entry.name
                for entry in entries
                if entry.name[0] != "." and entry.is_dir(follow_symlinks=False)
            ]
    except OSError:
        return []


def _is_run(path: Path) -> bool:
    return any(os.path.lexists(path / mark) for mark in _MARKS)


def _alike(text: str, names: Iterable[str]) -> list[str]:
    """Of very many names those that begin or end as ``text`` does: to weigh all would take long."""
    names = list(names)
    if len(names) <= _MANY:
        return names
    close = [n for n in names if n.startswith(text[:3])]
    close = close or [n for n in names if n.endswith(text[-4:])] or names
    return sorted(close, key=lambda n: abs(len(n) - len(text)))[:_MANY]


def _some(names: list[str]) -> str:
    shown = ", ".join(one_line(name, 60) for name in names[-12:])
    return shown if len(names) <= 12 else f"... {shown}"
