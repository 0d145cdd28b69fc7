"""Which files the tables of a run are."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from tuiwb.run.layout import parse_segment


def segments(folder: Path, limit: int | None = None) -> dict[str, dict[int, Path]]:
    """The segments in a folder of tables: table -> number -> file. Missing folder: none.

    Looks at no more than ``limit`` files.
    """
    found: dict[str, dict[int, Path]] = {}
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, limit)]
    except OSError:
        return found
    for file_name in names:
        if parsed := parse_segment(file_name):
            found.setdefault(parsed[0], {})[parsed[1]] = folder / file_name
    return found
