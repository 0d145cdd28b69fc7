"""The journal: rare events, one JSON object a line, appended with one write each.

A line is there once its newline is. Readers wait on a line without one and pass by lines that are
not JSON objects; a writer that opens a journal with a torn tail cuts the tail off.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tuiwb.base.clock import Clock, SystemClock
from tuiwb.base.errors import FIELDS
from tuiwb.base.plain import size_on_disk
from tuiwb.base.text import clean, one_line
from tuiwb.run.files import open_plain, parse_object, read_at, read_tail

MAX_LINE = 1 << 20
"""Bytes of one event; readers pass longer lines by."""
_CLIP = 16_000


class Journal:
    """The writer's end. One per run: the worker holds the run's lock. Raises OSError."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self.path = path
        self._clock = clock or SystemClock()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._fd = os.open(path, flags, 0o600)
        try:
            _repair(self._fd)
        except BaseException:
            os.close(self._fd)
            raise

    def write(self, kind: str, step: int | None = None, **fields: Any) -> dict[str, Any]:
        """Append one event and return it as readers will see it.

        Numbers that are not finite become null (JSON has none), NumPy numbers plain ones, other
        objects their text; very long texts are clipped. On OSError nothing of the event stays.
        """
        event = {"time": self._clock.now(), "step": step, "kind": kind, **fields}
        line = encode(event, None)
        if len(line) > MAX_LINE:
            line = encode(event, _CLIP)
        if len(line) > MAX_LINE:
            raise ValueError(f"a journal event of {len(line)} bytes, more than {MAX_LINE}")
        end = os.fstat(self._fd).st_size
        try:
            done = os.write(self._fd, line)
            while done < len(line):
                done += os.write(self._fd, line[done:])
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, end)
            error.filename = str(self.path)
            raise
        return parse_object(line) or event

    def close(self) -> None:
        """Flush to the disk and close. May be called twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            try:
                with contextlib.suppress(OSError):
                    os.fsync(fd)
            finally:
                os.close(fd)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class JournalTail:
    """A reader's end: each `read` gives the events that have become whole since the last one.

    ``on_restart`` is called where the file was replaced or cut back and is read anew.
    ``behind`` is true where `read` stopped at its bound with more to come.
    """

    def __init__(self, path: Path, on_restart: Callable[[], None] | None = None) -> None:
        self.path = path
        self.behind = False
        self._on_restart = on_restart
        self._offset = 0
        self._identity: tuple[int, int] | None = None

    def skip(self) -> None:
        """Pass by what is there already: `read` gives what comes from now on."""
        try:
            status = os.stat(self.path)
        except OSError:
            return
        self._identity, self._offset = (status.st_dev, status.st_ino), status.st_size

    def read(self, limit: int = 1 << 22) -> list[dict[str, Any]]:
        """New events, from at most ``limit`` bytes; none where the file is not there."""
        self.behind = False
        try:
            fd = open_plain(self.path)
        except OSError:
            return []
        try:
            return self._read(fd, max(limit, MAX_LINE + 1))
        except OSError:
            return []
        finally:
            os.close(fd)

    def _read(self, fd: int, limit: int) -> list[dict[str, Any]]:
        status = os.fstat(fd)
        identity, size = (status.st_dev, status.st_ino), size_on_disk(status)
        if self._identity not in (None, identity) or size < self._offset:
            self._offset = 0
            if self._on_restart:
                self._on_restart()
        self._identity = identity
        if size <= self._offset:
            return []
        data = read_at(fd, self._offset, limit)
        whole, newline, _ = data.rpartition(b"\n")
        if newline:
            self._offset += len(whole) + 1
        elif len(data) > MAX_LINE:
            self._offset += len(data)  # an overlong line is passed by, not gathered
        self.behind = len(data) == limit and self._offset < size
        return [event for line in whole.split(b"\n") if (event := parse_event(line))]


def parse_event(line: bytes) -> dict[str, Any] | None:
    """One event of the journal, or None where the line is not one. Its kind is a string, its time
    a number and its step an integer or None, whatever the line says; texts are safe to show."""
    if not line or len(line) > MAX_LINE:
        return None
    try:
        event: dict[str, Any] | None = _cleaned(parse_object(line))
    except RecursionError:
        return None
    if event is None or not isinstance(event.get("kind"), str):
        return None
    time, step = event.get("time"), event.get("step")
    is_time = isinstance(time, int | float) and abs(time) < 1e15  # NaN is not
    event["time"] = float(time or 0.0) if is_time else 0.0
    event["step"] = step if isinstance(step, int) and 0 <= step < 1 << 62 else None
    return event


def events(path: Path) -> Iterator[dict[str, Any]]:
    """Every whole event of a journal as it is now, in order, a part of the file at a time."""
    tail = JournalTail(path)
    while True:
        yield from tail.read(MAX_LINE)
        if not tail.behind:
            return


def last_events(path: Path, limit: int = 1 << 16) -> list[dict[str, Any]]:
    """The events in the last ``limit`` bytes, for those who need no more; none without a file."""
    try:
        data = read_tail(path, limit)
    except OSError:
        return []
    whole = data.rpartition(b"\n")[0]
    return [event for line in whole.split(b"\n") if (event := parse_event(line))]


def _repair(fd: int) -> None:
    """Cut a torn last line off, or finish it where only its newline is missing."""
    size = os.fstat(fd).st_size
    tail = read_at(fd, max(0, size - MAX_LINE - 1), MAX_LINE + 1)
    torn = tail.rpartition(b"\n")[2]
    if not torn:
        return
    if parse_event(torn):
        os.write(fd, b"\n")
    elif len(torn) <= MAX_LINE:
        os.ftruncate(fd, size - len(torn))
    else:
        os.write(fd, b"\n")  # no line of ours is that long: keep it, readers pass it by


_IN_LINES = frozenset((*FIELDS, "text", "traceback"))
"""What may have several lines; any other text is a name, a number's place or one sentence."""


def _cleaned(value: Any, key: str = "") -> Any:
    """The journal may be a stranger's: no text in it may drive a terminal, or look like a line
    of what it is shown among."""
    if isinstance(value, str):
        return clean(value) if key in _IN_LINES else one_line(value)
    if isinstance(value, list):
        return [_cleaned(v) for v in value]
    if isinstance(value, dict):
        return {one_line(k): _cleaned(v, k) for k, v in value.items()}
    return value


def encode(event: dict[str, Any], clip: int | None) -> bytes:
    text = json.dumps(_plain(event, clip), ensure_ascii=False, separators=(", ", ": "))
    # a lone surrogate (an undecodable file name) has no UTF-8
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _plain(value: Any, clip: int | None) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(v, clip) for key, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v, clip) for v in value]
    if (np := sys.modules.get("numpy")) and isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist(), clip)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    text = str(value)
    return text[:clip] + "…" if clip is not None and len(text) > clip else text
