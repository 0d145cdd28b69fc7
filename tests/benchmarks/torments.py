"""What can happen to a run while it trains. One function a torment, found by its name.

Each does its worst to a training run and returns when the run is over or is to go on by itself;
what the run makes of it is judged elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tuiwb.base.errors import UserError
from tuiwb.client.commands import send
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import holder

PATIENCE = 60.0
"""Seconds in which a worker that was told to leave must have left."""
SMALL = 24 << 20
"""Bytes of the small disk."""


class Survived(Exception):
    """A worker that was to end did not."""


def pid_of(path: Path) -> int | None:
    """The living worker of a run."""
    held = holder(RunPaths(path).lock)
    return held.pid if held is not None and held.alive else None


def gone(path: Path) -> None:
    """Wait until the worker has left."""
    give_up = time.monotonic() + PATIENCE
    while pid_of(path) is not None:
        if time.monotonic() > give_up:
            raise Survived(f"{path.name} still has a worker after {PATIENCE:.0f} s")
        time.sleep(0.005)


def signalled(path: Path, number: int) -> None:
    """Send a signal to the worker, if there still is one, and wait for its end."""
    pid = pid_of(path)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        gone(path)


def kill(path: Path, chance: random.Random) -> None:
    """SIGKILL, now."""
    signalled(path, signal.SIGKILL)


def kill_in_checkpoint(path: Path, chance: random.Random) -> None:
    """SIGKILL while a checkpoint is written."""
    folder = RunPaths(path).checkpoints
    while pid_of(path) is not None:
        with contextlib.suppress(OSError):
            if any(name.endswith(".partial") for name in os.listdir(folder)):
                time.sleep(chance.random() * 0.01)
                break
    signalled(path, signal.SIGKILL)


def preempt(path: Path, chance: random.Random) -> None:
    """What a cluster sends before it takes the machine away."""
    signalled(path, chance.choice((signal.SIGTERM, signal.SIGUSR1)))


def stop(path: Path, chance: random.Random) -> None:
    """A person stops it."""
    with contextlib.suppress(UserError):  # it may have ended meanwhile
        send(path, "stop", by="torture")
        gone(path)


def garbage(path: Path, chance: random.Random) -> None:
    """Rubbish in the inbox: files that are none, commands that cannot be. The run goes on."""
    inbox = RunPaths(path).inbox
    stamp = time.time_ns()
    with contextlib.suppress(OSError):  # the run may be over
        for number in range(chance.randint(1, 20)):
            name = f"{stamp + number:020d}-{chance.getrandbits(48):012x}.json"
            if number % 5 == 4:
                name = chance.choice(("x", "..json", "a b", "\u202e.json", "9" * 100))
            body = chance.choice(
                (
                    chance.randbytes(chance.randint(0, 2000)),
                    b'{"id": "x", "command": "explode", "by": "torture"}',
                    b'{"id": "x", "command": "set", "args": {"optim.lr": -1}, "by": "torture"}',
                    b'{"id": "x", "command": "set", "args": {"model.width": 3}, "by": "torture"}',
                    b'{"id": "x", "command": "step", "args": {"steps": "many"}, "by": "t"}',
                    b"[" * 5000,
                    b'"' + b"x" * 200_000 + b'"',
                )
            )
            (inbox / f".{name}"[:200]).write_bytes(body)
            os.rename(inbox / f".{name}"[:200], inbox / name[:199])


def full_disk(path: Path, chance: random.Random) -> None:
    """The disk that the run is on fills up, and has room again once the worker has left."""
    filler = path.parent / ".filler"
    try:
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
        with contextlib.suppress(Survived):
            gone(path)
    finally:
        filler.unlink()
    signalled(path, signal.SIGTERM)  # one that has found a way to live with it


def corrupt(path: Path, chance: random.Random) -> None:
    """SIGKILL, and the newest checkpoint is no longer what was written."""
    signalled(path, signal.SIGKILL)
    folders = sorted(p for p in RunPaths(path).checkpoints.glob("[0-9]*") if p.is_dir())
    if not folders:
        return
    file = folders[-1] / "state.pt"
    data = bytearray(file.read_bytes())
    match chance.randrange(3):
        case 0:
            data = data[: chance.randrange(len(data))]
        case 1:
            data[chance.randrange(len(data))] ^= 0xFF
        case _:
            (folders[-1] / "sha256").unlink(missing_ok=True)
    file.write_bytes(data)


TORMENTS: dict[str, Callable[[Path, random.Random], None]] = {
    "kill": kill,
    "kill in a checkpoint": kill_in_checkpoint,
    "preempted": preempt,
    "stop": stop,
    "garbage": garbage,
    "full disk": full_disk,
    "corrupted checkpoint": corrupt,
}
"""How often each comes is its share of equal chances; ``full disk`` needs a small disk."""


@contextlib.contextmanager
def small_disk(place: Path) -> Iterator[bool]:
    """A disk of `SMALL` bytes at ``place``; false where this machine lets nobody mount one."""
    place.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL},mode=0700", "tmpfs", str(place)]
    try:
        there = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        there = False
    try:
        yield there
    finally:
        if there:
            subprocess.run(["umount", "-l", str(place)], check=False)
