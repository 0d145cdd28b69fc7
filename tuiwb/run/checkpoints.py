"""Checkpoints as files: which there are, whether one is whole, one taken into another run.

What is in them is the engine's; nothing here loads it.
"""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

from tuiwb.run.files import is_folder, open_plain, read_small, write_all
from tuiwb.run.layout import RunPaths

STATE, CHECKSUM = "state.pt", "sha256"
_CHUNK = 1 << 22


def steps(paths: RunPaths) -> list[int]:
    """The steps whose checkpoints lie in a run, in order; none where there is no such folder."""
    if not is_folder(paths.checkpoints):
        return []
    try:
        with os.scandir(paths.checkpoints) as entries:
            names = [e.name for e in entries if e.name.isdecimal() and len(e.name) < 20]
    except OSError:
        return []
    return sorted(int(name) for name in names if is_folder(paths.checkpoints / name))


def is_whole(folder: Path) -> bool:
    """Whether a checkpoint's state is what its checksum says. Reads all of it."""
    try:
        expected = read_small(folder / CHECKSUM, 1000).decode("ascii").strip()
        with os.fdopen(open_plain(folder / STATE), "rb") as state:
            return hashlib.file_digest(state, "sha256").hexdigest() == expected
    except (OSError, ValueError):
        return False


def take_over(source: Path, target: Path) -> None:
    """Make ``target`` the same checkpoint as ``source``: by hard links, which cost no room (a
    checkpoint is never written in place), else by copies. Raises OSError."""
    os.mkdir(target, 0o700)
    for name in (STATE, CHECKSUM):
        _take(source / name, target / name)


def _take(source: Path, target: Path) -> None:
    reading = open_plain(source)  # never a link that leads out of the run
    try:
        try:
            os.link(source, target, follow_symlinks=False)
            return
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        writing = os.open(target, flags, 0o600)
        try:
            while data := os.read(reading, _CHUNK):
                write_all(writing, data)
            os.fsync(writing)
        finally:
            os.close(writing)
    finally:
        os.close(reading)


_NO_LINKS = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES)
"""Another disk, a file system without hard links, somebody else's file."""
