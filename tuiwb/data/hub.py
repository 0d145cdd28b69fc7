"""Data sets of the Hugging Face hub: fetched by the package `datasets`, or read from a copy.

`fetched` gives rows, whichever way they came; what the rows of a kind of data set hold is known to
the sources (`hub_images`, `hub_speech`, `hub_text`) and not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tuiwb.base.errors import UserError
from tuiwb.base.progress import tell
from tuiwb.data.files import existing

MINIMUM = 2
"""Samples of a class without which it cannot be split."""


@dataclass(frozen=True)
class Place:
    """Where a data set lies on the hub."""

    repository: str
    config: str | None = None
    revision: str | None = None
    """A branch; the hub keeps a copy in parquet of what only a script could read."""


def fetched(name: str, place: Place, part: str, path: str = "") -> Any:
    """The rows of one part (train, validation, test) of a data set, a sequence of mappings.

    With ``path``, from the parquet files of a local copy: those whose names begin with the part's,
    or all where none does. What cannot be had is a `UserError`.
    """
    try:
        import datasets
    except ImportError:
        raise UserError(
            f"the data set {name!r} is read by the package datasets, which is not installed",
            where="data.name",
            next="pip install 'tuiwb[hub]', or pip install datasets pillow",
        ) from None
    if path:
        files = _copies(existing(path, folder=True), part)
        tell(f"reading {name}")
        try:
            return datasets.load_dataset("parquet", data_files=files, split="train")
        except Exception as error:
            raise _failed(f"the copy of {name} cannot be read", path, error, "") from None
    tell(f"fetching {name} from the Hugging Face hub, or from its cache")
    try:
        return datasets.load_dataset(
            place.repository, place.config, split=part, revision=place.revision
        )
    except Exception as error:  # by way of a network: a dozen kinds, of several packages
        raise _failed(
            f"the data set {name!r} could not be fetched from the Hugging Face hub",
            place.repository,
            error,
            "check the network, or give a folder of its parquet files with data.path",
        ) from None


def drawn(rows: Any, most: int, seed: int) -> tuple[Any, tuple[str, ...]]:
    """At most ``most`` rows, evenly drawn, and a note on it."""
    count = len(rows)
    if count <= most:
        return rows, ()
    kept = np.sort(np.random.default_rng(seed).choice(count, most, replace=False))
    note = f"{most} of {count} samples kept, drawn evenly by data.split_seed"
    return rows.select(kept.tolist()), (note,)


def plain(rows: Any, column: str) -> Any:
    """The rows with files in ``column`` left as their bytes, where they would be decoded."""
    feature = (getattr(rows, "features", None) or {}).get(column)
    if hasattr(feature, "decode"):
        return rows.cast_column(column, type(feature)(decode=False))
    return rows


def column_of(rows: Any, names: tuple[str, ...], where: str) -> str:
    """Which of ``names`` the rows have; else a `UserError` with those that they have."""
    there = list(rows.column_names)
    for name in names:
        if name in there:
            return name
    raise UserError(
        f"the data set has no column {names[0]!r}",
        where=where,
        found=", ".join(there),
        allowed=" or ".join(names),
    )


def labels_of(rows: Any, where: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Class indices int64 [N] and the classes' names, without classes that no row has."""
    column = column_of(rows, ("label", "fine_label", "labels"), where)
    given = np.asarray(list(rows[column]))
    levels, labels = np.unique(given, return_inverse=True)
    known = getattr((getattr(rows, "features", None) or {}).get(column), "names", None)
    names = tuple(known[int(level)] if known else str(level) for level in levels)
    counts = np.bincount(labels, minlength=len(names))
    if len(names) < 2 or counts.min() < MINIMUM:
        told = ", ".join(f"{n} {c}" for n, c in zip(names[:20], counts[:20], strict=True))
        raise UserError(
            "too few samples of a class to be split",
            where=where,
            found=told or "no samples",
            allowed=f"at least two classes, and {MINIMUM} samples of each",
            next="data.samples says how many are kept",
        )
    return labels.astype(np.int64), names


def bytes_of(cell: Any) -> bytes:
    """The bytes of a file that lies in a cell, or whose path does."""
    if isinstance(cell, Mapping):
        if cell.get("bytes"):
            return bytes(cell["bytes"])
        return Path(cell["path"]).read_bytes()
    raise ValueError(f"a {type(cell).__name__} is not a file")


def told(rows: Any, column: str, noun: str) -> Iterator[Any]:
    """Each cell of a column, with words on how far it is."""
    count = len(rows)
    for number, row in enumerate(rows):
        tell(f"reading {noun}: {number} of {count}")
        yield row[column]


def _copies(folder: Path, part: str) -> list[str]:
    files = sorted(folder.rglob("*.parquet"))
    chosen = [f for f in files if f.name.startswith(part) or f.parent.name.endswith(part)]
    if not files:
        raise UserError(
            "there are no parquet files in this folder",
            where="data.path",
            found=str(folder),
            allowed="a folder with a copy of the data set, such as train-00000-of-00001.parquet",
        )
    return [str(file) for file in chosen or files]


def _failed(what: str, where: str, error: Exception, next: str) -> UserError:
    lines = str(error).splitlines() or [""]
    found = f"{type(error).__name__}: {lines[0][:200]}"
    return UserError(what, where=where, found=found, next=next)
