"""Pictures in a run directory: ``pictures/STEP-NAME.npz``, plain arrays, each written whole."""

from __future__ import annotations

import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tuiwb.base.plain import create_private, open_plain
from tuiwb.base.text import one_line, slug
from tuiwb.run.files import is_folder

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
        with os.fdopen(create_private(beside), "wb") as file:
            np.savez_compressed(file, _name=np.asarray(name), _kind=np.asarray(kind), **arrays)
        os.rename(beside, final)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return final


def read(path: Path) -> StoredPicture | None:
    """One picture, or None where the file is not one (damaged, a bomb, a link, not ours)."""
    try:
        with os.fdopen(open_plain(path), "rb") as file:
            if not _listed(file):
                return None
            with zipfile.ZipFile(file) as packed:
                if not _fits(packed):
                    return None
            file.seek(0)
            with np.load(file, allow_pickle=False) as stored:
                arrays = {key: stored[key] for key in stored.files}
        step = int(path.name.partition("-")[0])
        name, kind = str(arrays.pop("_name")), str(arrays.pop("_kind"))
    except _DAMAGE:
        return None
    return StoredPicture(step, one_line(name, 80), one_line(kind, 20), arrays)


# What zipfile, zlib and NumPy make of bytes that are not what they should be.
_DAMAGE = (
    OSError, ValueError, KeyError, EOFError, TypeError, SyntaxError, RuntimeError, MemoryError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def _listed(file: BinaryIO) -> bool:
    """Whether the archive's list of what is in it is short: `zipfile` reads the whole of it, and
    makes an object of each of its lines, before it can be asked anything."""
    size = os.fstat(file.fileno()).st_size
    if not _END.size <= size <= MAX_BYTES:
        return False
    file.seek(-_END.size, os.SEEK_END)
    mark, *_, listed, _, comment = _END.unpack(file.read(_END.size))
    file.seek(0)
    return bool(mark == b"PK\x05\x06" and comment == 0 and listed <= _MAX_LIST)


_END = struct.Struct("<4s4H2LH")
"""The last bytes of an archive: mark, four counts, bytes of the list, where it is, a comment's."""
_MAX_LIST = 1 << 16


def _fits(packed: zipfile.ZipFile) -> bool:
    """Whether all arrays are small enough, by what the archive and their own headers say.

    NumPy allocates what a header asks for before it reads: a header may ask for anything.
    """
    if sum(item.file_size for item in packed.infolist()) > MAX_BYTES:
        return False
    for item in packed.infolist():
        with packed.open(item) as file:
            version = np.lib.format.read_magic(file)
            if version == (1, 0):
                shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            else:
                shape, _, dtype = np.lib.format.read_array_header_2_0(file)
        # a cell of no bytes costs nothing to store and everything to go through
        if math.prod(shape) * max(1, dtype.itemsize) > item.file_size:
            return False
    return True


_NAME = re.compile(r"([0-9]{1,18})-(.+)\.npz")


def latest(folder: Path, by: int | None = None) -> dict[str, Path]:
    """Name (as in the file's name) -> the newest file of it, in the order of the names; with a
    step ``by``, the newest of those taken by then."""
    newest: dict[str, tuple[int, str]] = {}
    try:
        names = os.listdir(folder) if is_folder(folder) else []
    except OSError:
        return {}
    for file_name in names:
        if (parts := _NAME.fullmatch(file_name)) is not None:
            found = (int(parts[1]), file_name)
            if by is not None and found[0] > by:
                continue
            newest[parts[2]] = max(found, newest.get(parts[2], found))
    return {name: folder / newest[name][1] for name in sorted(newest)}


def steps(folder: Path, name: str) -> list[int]:
    """The steps at which a picture was taken, by its name as in the file's name."""
    try:
        names = os.listdir(folder) if is_folder(folder) else []
    except OSError:
        return []
    parts = (_NAME.fullmatch(file_name) for file_name in names)
    return sorted(int(part[1]) for part in parts if part is not None and part[2] == name)
