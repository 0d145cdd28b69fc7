"""A watch on the run's folder: deleted, moved or read-only, it is no place to write to."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from tuiwb.run.layout import RunPaths
from tuiwb.worker.failures import PlaceLost, gone, moved, read_only


class Place:
    """The folder that a worker has begun in; `look` about once a second whether it still is."""

    def __init__(self, paths: RunPaths) -> None:
        self._paths = paths
        self._fd = os.open(paths.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._known = {path: _identity(path) for path in (paths.root, paths.journal, paths.tables)}
        self.lost: PlaceLost | None = None
        """What has become of it, once something has."""

    def look(self) -> None:
        """See whether everything is where it was, and may be written."""
        if self.lost is None:
            self.lost = self._found()

    def close(self) -> None:
        """Let go of the folder. May be called twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _found(self) -> PlaceLost | None:
        root = self._paths.root
        for path, identity in self._known.items():
            if _identity(path) != identity:
                now = self._now()
                return moved(root, now) if now is not None else gone(root, str(path))
        if not os.access(root, os.W_OK | os.X_OK):
            return read_only(root, "it cannot be written")
        return None

    def _now(self) -> Path | None:
        """Where the folder is now, where it has only been moved and the system can tell."""
        with contextlib.suppress(OSError):
            now = Path(os.readlink(f"/proc/self/fd/{self._fd}"))
            if now != self._paths.root and _identity(now) == self._known[self._paths.root]:
                return now
        return None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
