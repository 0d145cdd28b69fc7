"""Opening files in folders that may be a stranger's: plain files only, never by way of a link."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path


def open_plain(path: Path | str) -> int:
    """A read-only descriptor of a plain file.

    Raises OSError for anything else: a link could lead out of the run, a pipe could block the
    reader for ever (hence O_NONBLOCK, which plain files ignore).
    """
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "not a plain file", str(path))
    except BaseException:
        os.close(fd)
        raise
    return fd


def create_private(path: Path | str) -> int:
    """A descriptor to write a new file by, which only its owner may read, whatever the umask.

    What stands there goes: of a link the link, and not what it leads to. Raises OSError.
    """
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def size_on_disk(status: os.stat_result) -> int:
    """Bytes of a file that are worth reading: all of them, but of one that is almost nothing but
    holes (a sparse file claims any size at no cost) no more than what it holds could be."""
    held = status.st_blocks * 512
    if not held:  # a file system that does not say
        return status.st_size
    return min(status.st_size, max(_SMALL, held * _SQUEEZED))


_SMALL = 1 << 26
_SQUEEZED = 256
"""How much a file system that compresses may make of a file's bytes."""
