"""Pictures in a run directory: ``pictures/STEP-NAME.npz``, plain arrays, each written whole."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tuiwb.base.text import clean, slug

MAX_BYTES = 32 << 20
"""Of one file, packed or unpacked: a larger one is not opened."""


@dataclass(frozen=True)
class StoredPicture:
    """A picture as a reader finds it. ``kind`` and ``arrays`` are those of `tasks.picture`."""

    step: int
    name: str
    kind: str
    arrays: Mapping[str, np.ndarray]


def write(folder: Path, step: int, name: str, kind: str, arrays: Mapping[str, Any]) -> Path:
    """Write one picture, beside and renamed. Raises OSError."""
    final = folder / f"{step:08d}-{slug(name, 'picture')}.npz"
    beside = folder / f".{final.name}.partial"
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        with beside.open("wb") as file:
            np.savez_compressed(file, _name=np.asarray(name), _kind=np.asarray(kind), **arrays)
        os.rename(beside, final)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return final


def read(path: Path) -> StoredPicture | None:
    """One picture, or None where the file is not one (damaged, a bomb, a link, not ours)."""
    try:
        if path.is_symlink() or path.stat().st_size > MAX_BYTES:
            return None
        with zipfile.ZipFile(path) as packed:
            if sum(item.file_size for item in packed.infolist()) > MAX_BYTES:
                return None
        with np.load(path, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
        step = int(path.name.partition("-")[0])
        name, kind = str(arrays.pop("_name")), str(arrays.pop("_kind"))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
        return None
    return StoredPicture(step, clean(name, 80), clean(kind, 20), arrays)


def latest(folder: Path) -> dict[str, Path]:
    """Name (as in the file's name) -> the newest file of it, in the order of the names."""
    newest: dict[str, Path] = {}
    try:
        names = sorted(n for n in os.listdir(folder) if n.endswith(".npz") and n[0].isdigit())
    except OSError:
        return {}
    for file_name in names:
        newest[file_name.partition("-")[2].removesuffix(".npz")] = folder / file_name
    return dict(sorted(newest.items()))
