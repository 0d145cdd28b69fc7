"""Files of classes read one by one into an array: what is broken is counted, or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuiwb.base.errors import UserError
from tuiwb.base.progress import tell

MOST_BYTES = 2_000_000_000
"""Of the array that is filled: more would not leave a machine for anything else."""
_LISTED = 5


@dataclass(frozen=True)
class Reader:
    """What every file becomes."""

    noun: str
    shape: tuple[int, ...]
    dtype: Any


def read_all(
    knobs: Any,
    folder: Path,
    classes: dict[str, list[Path]],
    reader: Reader,
    read: Callable[[Path], NDArray[Any]],
) -> tuple[NDArray[Any], NDArray[np.int64], tuple[str, ...]]:
    """All files as one array [N, *shape], their class indices [N], and notes.

    Of more than ``knobs.samples`` files an even draw is read. A file that ``read`` raises at is
    left out and counted, or with ``knobs.broken`` = refuse a `UserError` that names it.
    """
    jobs = [(path, index) for index, files in enumerate(classes.values()) for path in files]
    notes = [f"{folder.name}: {len(jobs)} {reader.noun} in {len(classes)} classes"]
    if len(jobs) > knobs.samples:
        random = np.random.default_rng(knobs.split_seed)
        kept = np.sort(random.choice(len(jobs), knobs.samples, replace=False))
        notes.append(f"{knobs.samples} of them read, drawn evenly by data.split_seed")
        jobs = [jobs[i] for i in kept]
    needed = len(jobs) * int(np.prod(reader.shape)) * np.dtype(reader.dtype).itemsize
    if needed > MOST_BYTES:
        raise UserError(
            f"so many {reader.noun} do not fit into memory",
            where="data.samples",
            found=f"{len(jobs)} of shape {' x '.join(map(str, reader.shape))}: "
            f"{needed / 1e9:.1f} GB",
            allowed=f"at most {MOST_BYTES / 1e9:.0f} GB",
            next=f"data.samples = {int(len(jobs) * MOST_BYTES / needed)} reads an even draw",
        )
    array = np.empty((len(jobs), *reader.shape), reader.dtype)
    labels = np.empty(len(jobs), np.int64)
    count, broken = 0, []
    for path, index in jobs:
        try:
            array[count] = read(path)
        except MemoryError:
            raise
        except Exception as error:  # a decoder may raise anything at bytes that are not its own
            name, words = str(path.relative_to(folder)), str(error).splitlines()[:1]
            if knobs.broken == "refuse":
                raise UserError(
                    f"a file cannot be read: {name}",
                    where=str(path),
                    found=f"{type(error).__name__}: {words[0] if words else 'no reason given'}",
                    allowed=f"{reader.noun} that can be read",
                    next="data.broken = skip leaves such files out and counts them",
                ) from None
            broken.append(name)
            continue
        labels[count] = index
        count += 1
        tell(f"reading {reader.noun}: {count + len(broken)} of {len(jobs)}")
    if broken:
        more = f" and {len(broken) - _LISTED} more" if len(broken) > _LISTED else ""
        notes.append(
            f"{len(broken)} {reader.noun} cannot be read and are left out: "
            f"{', '.join(broken[:_LISTED])}{more}"
        )
    labels = labels[:count]
    counts = np.bincount(labels, minlength=len(classes))
    told = ", ".join(f"{name} {n}" for name, n in zip(classes, counts, strict=True))
    notes.append(f"classes: {told[:400]}")
    for name_of_class, number in zip(classes, counts, strict=True):
        if number < 2:
            raise UserError(
                f"the class {name_of_class!r} has {number} {reader.noun}",
                where=str(folder / name_of_class),
                found=notes[-1] + (f"; {notes[-2]}" if broken else ""),
                allowed="at least two for each class: one to train on, one to validate",
            )
    return array[:count], labels, tuple(notes)
