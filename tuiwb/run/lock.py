"""Who trains this run: a flock that the system drops when the holder dies, however it dies."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tuiwb.base.clock import Clock, SystemClock
from tuiwb.base.errors import UserError
from tuiwb.base.text import clean
from tuiwb.run.files import open_plain, parse_object, read_at, write_all

_MAX = 4096
_PATIENCE = 0.5  # a reader's probe holds the lock for microseconds: a writer tries again


@dataclass(frozen=True)
class Holder:
    """Who holds, or last held, a run's lock.

    ``alive`` is None where this machine cannot know: another host wrote the lock, or the file
    system has none. Then the heartbeat's age decides.
    """

    pid: int
    host: str
    boot_id: str
    started: float
    alive: bool | None


class WorkerLock:
    """The right to write a run. Held until `release` or the end of the process."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self.path = path
        self._clock = clock or SystemClock()
        self._fd = -1

    @property
    def held(self) -> bool:
        return self._fd >= 0

    def acquire(self, sign: bool = True) -> None:
        """Take the lock. `UserError` names the holder where somebody else has it. Without ``sign``
        the file goes on naming who trained the run last: nothing is trained while it is held.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            fd = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise UserError(
                f"cannot lock {self.path.parent.name}: {error.strerror}", where=str(self.path)
            ) from None
        try:
            got = _flock(fd, fcntl.LOCK_EX, _PATIENCE)
            if got is False or (got is None and _lives(_parse(read_at(fd, 0, _MAX), None))):
                raise self._taken(fd)
            if sign:
                self._sign(fd)
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd

    def release(self) -> None:
        """Give the lock back; the file stays and says who was last. May be called twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def hand_over(self) -> None:
        """Give the lock back to somebody who is about to come for it: until then the run is as one
        that nobody has begun with, and has as much time, not as one whose worker has died."""
        if self._fd >= 0:
            os.ftruncate(self._fd, 0)
        self.release()

    def __enter__(self) -> WorkerLock:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _sign(self, fd: int) -> None:
        mine = {
            "pid": os.getpid(),
            "boot_id": boot_id(),
            "started": self._clock.now(),
            "host": socket.gethostname(),
        }
        os.ftruncate(fd, 0)
        os.lseek(fd, 0, os.SEEK_SET)
        write_all(fd, json.dumps(mine).encode() + b"\n")

    def _taken(self, fd: int) -> UserError:
        holder = _parse(read_at(fd, 0, _MAX), True)
        run = self.path.parent.name
        if holder is None:
            found = "a worker that is just starting"
        else:
            since = datetime.fromtimestamp(holder.started).strftime("%Y-%m-%d %H:%M:%S")
            found = f"process {holder.pid} on {holder.host}, since {since}"
        return UserError(
            f"{run} is being trained by another worker",
            where=str(self.path),
            found=found,
            allowed="one worker per run",
            next=f"watch it with: tuiwb attach {run}; end it with: tuiwb ctl {run} stop",
        )


def holder(path: Path) -> Holder | None:
    """Who holds or last held the lock; None where there is none yet. Never raises OSError."""
    try:
        fd = open_plain(path)
    except OSError:
        return None
    try:
        free = _flock(fd, fcntl.LOCK_SH)
        known = _parse(read_at(fd, 0, _MAX), None)
        if known is None:
            # made but not signed: somebody is starting, or died in between
            return Holder(0, "", "", 0.0, True) if free is False else None
        alive = _here(known)
        if free is False:
            # held though its process is gone: a child has it on, or another PID namespace; ask
            # the heartbeat
            alive = None if alive is False else True
        elif free:
            # proves death only where this machine would have seen it held
            alive = False if known.host == socket.gethostname() else None
        return Holder(known.pid, known.host, known.boot_id, known.started, alive)
    except OSError:
        return None
    finally:
        os.close(fd)


def boot_id() -> str:
    """What tells this boot of the machine from the one before; empty where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def _here(known: Holder) -> bool | None:
    """Whether the process lives on this machine; None where it is another's."""
    if known.host != socket.gethostname():
        return None
    if known.boot_id != boot_id():
        return False
    try:
        os.kill(known.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _lives(known: Holder | None) -> bool:
    return known is not None and known.pid != os.getpid() and _here(known) is True


def _flock(fd: int, kind: int, patience: float = 0.0) -> bool | None:
    """Try to lock: whether it worked, or None where the file system has no locks."""
    give_up = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= give_up:
                return False
            time.sleep(0.01)
        except OSError as error:
            if error.errno in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
                return None
            raise


def _parse(text: bytes, alive: bool | None) -> Holder | None:
    data: dict[str, Any] | None = parse_object(text)
    if data is None:
        return None
    pid, started = data.get("pid"), data.get("started")
    if not isinstance(pid, int) or not 0 < pid < 1 << 31 or not isinstance(started, int | float):
        return None
    if not 0 <= started < 1e11:
        return None
    host, boot = clean(str(data.get("host", "")), 200), str(data.get("boot_id", ""))
    return Holder(pid, host, boot, float(started), alive)
