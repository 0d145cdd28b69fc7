"""A small file or folder for every data source that reads one of the user's own."""

from __future__ import annotations

import atexit
import csv
import random
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any


def _csv(folder: Path) -> dict[str, Any]:
    """300 rows: numbers, words, a target of two classes."""
    draw = random.Random(0)
    path = folder / "people.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        write = csv.writer(file)
        write.writerow(["age", "town", "income", "bought"])
        for _ in range(300):
            town, income = draw.choice(["Rome", "Bonn", "Oslo"]), f"{draw.gauss(3e4, 9e3):.2f}"
            write.writerow([draw.randint(18, 80), town, income, draw.choice(["yes", "no"])])
    return {"path": str(path)}


MAKERS: dict[str, Callable[[Path], dict[str, Any]]] = {"csv": _csv}


@cache
def given(name: str) -> dict[str, Any]:
    """Knobs with which the data source ``name`` can be loaded: none for one that needs no file."""
    maker = MAKERS.get(name)
    if maker is None:
        return {}
    folder = Path(tempfile.mkdtemp(prefix="tuiwb-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return maker(folder)
