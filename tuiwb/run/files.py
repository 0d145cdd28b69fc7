"""Reading files that somebody else wrote: plain files only, no links, bounded in size; and writing
small ones whole."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import stat
from pathlib import Path
from typing import Any

from tuiwb.base.plain import open_plain as open_plain


def read_small(path: Path | str, limit: int) -> bytes:
    """The whole of a plain file; OSError (EFBIG) where it is larger than ``limit`` bytes."""
    fd = open_plain(path)
    try:
        data = read_at(fd, 0, limit + 1)
    finally:
        os.close(fd)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"larger than {limit} bytes", str(path))
    return data


def read_tail(path: Path | str, limit: int) -> bytes:
    """The last ``limit`` bytes of a plain file, or all of it where it is shorter."""
    fd = open_plain(path)
    try:
        return read_at(fd, max(0, os.fstat(fd).st_size - limit), limit)
    finally:
        os.close(fd)


def read_at(fd: int, offset: int, length: int) -> bytes:
    """Up to ``length`` bytes from ``offset``; fewer only at the end of the file."""
    parts = []
    while length > 0:
        part = os.pread(fd, min(length, 1 << 24), offset)
        if not part:
            break
        parts.append(part)
        offset += len(part)
        length -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def write_all(fd: int, data: bytes) -> None:
    """Write every byte, however often the system takes only some."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def replace(path: Path, data: bytes) -> None:
    """Put a file of ``data`` in the place of ``path`` at once: no reader sees half of it."""
    beside = path.with_name(f".{path.name}-{secrets.token_hex(6)}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(beside, flags, 0o600)
        try:
            write_all(fd, data)
        finally:
            os.close(fd)
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise


def parse_object(text: bytes | str) -> dict[str, Any] | None:
    """A JSON object from a text that anybody may have written, or None where it is not one."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def is_folder(path: Path | str) -> bool:
    """Whether a folder stands there, and not a link to one."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False
