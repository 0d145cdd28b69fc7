"""A small reserve on the disk: thrown out when the disk is full, so that last words can be said."""

from __future__ import annotations

import contextlib
import os

from tuiwb.run.files import write_all
from tuiwb.run.layout import RunPaths

SIZE = 256 * 1024
"""Bytes kept back: room for the last rows, an error with its traceback and the final state."""


def lay(paths: RunPaths, size: int = SIZE) -> bool:
    """Reserve ``size`` bytes in the run directory; False where there is no room for them."""
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(paths.ballast, flags, 0o600)
    except OSError:
        return False
    try:
        # random bytes: a file system that compresses or skips zeros would reserve nothing
        write_all(fd, os.urandom(size))
        os.fsync(fd)
    except OSError:
        drop(paths)
        return False
    finally:
        os.close(fd)
    return True


def drop(paths: RunPaths) -> bool:
    """Give the reserve back; whether there was one."""
    with contextlib.suppress(OSError):
        os.unlink(paths.ballast)
        return True
    return False
