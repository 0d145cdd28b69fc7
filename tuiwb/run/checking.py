"""Whether a folder is a run that this program reads."""

from __future__ import annotations

import os
from pathlib import Path

from tuiwb.base.errors import UserError, nearest
from tuiwb.base.text import one_line
from tuiwb.run.layout import FORMAT, RunPaths
from tuiwb.run.meta import read_meta


def check(paths: RunPaths) -> None:
    """`UserError` unless a run of a version that we read stands there, or what is left of one."""
    root = paths.root
    try:
        names = set(os.listdir(root))
    except FileNotFoundError:
        near = nearest(root.name, _names(root.parent))
        raise UserError(
            f"there is no run {one_line(root.name, 120)}",
            where=str(root.parent),
            nearest=near,
            next="list the runs with: tuiwb ls",
        ) from None
    except OSError as error:
        why = "a file, not a folder" if isinstance(error, NotADirectoryError) else error.strerror
        raise UserError(
            f"{one_line(root.name, 120)} is not a run: {why}", where=str(root), next=_NEXT
        ) from None
    if not names:
        raise UserError(
            f"{one_line(root.name, 120)} is not a run: the folder is empty",
            where=str(root),
            next=_NEXT,
        )
    marks = ("meta.json", "journal.jsonl", "spec.toml")
    if not any(os.path.isfile(root / m) for m in marks) and not any(paths.tables.glob("*.npy")):
        raise UserError(
            f"{one_line(root.name, 120)} is not a run, or one of which nothing is left",
            where=str(root),
            found=one_line(", ".join(sorted(names)[:8]), 200),
            allowed="a folder with meta.json, spec.toml, journal.jsonl and tables/",
            next=_NEXT,
        )
    version = read_meta(paths)[0].get("format")
    if isinstance(version, int) and version > FORMAT:
        raise UserError(
            f"{paths.id} was written by a newer tuiwb",
            where=str(paths.meta),
            found=f"format {version}",
            allowed=f"format {FORMAT} or older",
            next="update with: pip install --upgrade tuiwb",
        )


_NEXT = "list the runs with: tuiwb ls, or give another place with --runs DIR"


def _names(folder: Path) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]
    except OSError:
        return []
