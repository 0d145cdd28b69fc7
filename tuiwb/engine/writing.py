"""One checkpoint put on the disk, or taken off it: whole or not there, whenever the power goes.

It is written beside, under a hidden name, and renamed when all of it is on the disk; one that goes
is renamed first and deleted then. What a kill leaves behind under hidden names is cleared away at
the next start.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from tuiwb.base.plain import create_private, open_plain

STATE, CHECKSUM, REASONS = "state.pt", "sha256", "reasons.json"
MOST_REASONS = 1 << 16
"""Bytes of reasons that are read: more is none of ours."""
_LEFT = re.compile(r"\.\d+\.(partial|gone)")


def place(folder: Path, step: int) -> Path:
    """Where the checkpoint of ``step`` lies."""
    return folder / f"{step:08d}"


def write(folder: Path, step: int, state: Mapping[str, Any], reasons: Mapping[str, Any]) -> int:
    """Write a checkpoint into ``folder``, in the place of one of the same step; returns the bytes
    of its state. Raises OSError, and nothing has changed then."""
    beside = folder / f".{step:08d}.partial"
    try:
        # a run's folder that was deleted under it must not come back
        folder.mkdir(mode=0o700, exist_ok=True)
        _clear(beside)
        os.mkdir(beside, 0o700)
        digest, size = _write_state(beside / STATE, state)
        _write_small(beside / CHECKSUM, f"{digest}\n")
        _write_small(beside / REASONS, json.dumps(reasons))
        _sync(beside)
        discard(folder, step)
        os.rename(beside, place(folder, step))
        _sync(folder)
    except OSError:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return size


def discard(folder: Path, step: int) -> None:
    """Take the checkpoint of ``step`` off the disk, if it is there."""
    gone = folder / f".{step:08d}.gone"
    _clear(gone)
    try:
        os.rename(place(folder, step), gone)
    except FileNotFoundError:
        return
    _clear(gone)


def clear_away(folder: Path) -> None:
    """Remove what a killed process has left half written or half deleted."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        if _LEFT.fullmatch(name):
            with suppress(OSError):
                _clear(folder / name)


def write_reasons(folder: Path, step: int, reasons: Mapping[str, Any]) -> None:
    """Put other reasons beside a checkpoint that is there. Raises OSError."""
    target = place(folder, step) / REASONS
    beside = target.with_name(f".{REASONS}")
    _write_small(beside, json.dumps(reasons))
    os.rename(beside, target)


def read_reasons(folder: Path, step: int) -> dict[str, Any]:
    """What was written beside the checkpoint of ``step``; nothing where that cannot be read."""
    try:
        with os.fdopen(open_plain(place(folder, step) / REASONS), "rb") as file:
            read = json.loads(file.read(MOST_REASONS))
    except (OSError, ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def size_of(folder: Path, step: int) -> int | None:
    """Bytes of the state of ``step``; None where it is not there."""
    try:
        return (place(folder, step) / STATE).stat().st_size
    except OSError:
        return None


class _Hashed:
    """A file for torch, hashed on the way so that nothing is read back.

    The first error is kept and the rest swallowed: torch's writer makes nothing good of one.
    """

    def __init__(self, descriptor: int) -> None:
        self.digest = hashlib.sha256()
        self.bytes = 0
        self.error: OSError | None = None
        self._descriptor = descriptor

    def write(self, data: bytes | memoryview) -> int:
        view = memoryview(data).cast("B")
        if self.error is None:
            self.digest.update(view)
            try:
                _write_all(self._descriptor, view)
                self.bytes += len(view)
            except OSError as error:
                self.error = error
        return len(view)

    def flush(self) -> None: ...


def _write_state(file: Path, state: Mapping[str, Any]) -> tuple[str, int]:
    descriptor = create_private(file)
    try:
        hashed = _Hashed(descriptor)
        try:
            torch.save(state, hashed)  # type: ignore[arg-type]  # all that it calls is there
        except Exception as error:
            if hashed.error is None:
                words = str(error).splitlines() or [type(error).__name__]
                raise OSError(f"torch could not write it: {words[0]}") from error
        if hashed.error is not None:
            raise hashed.error
        os.fsync(descriptor)
        return hashed.digest.hexdigest(), hashed.bytes
    finally:
        os.close(descriptor)


def _write_small(file: Path, text: str) -> None:
    descriptor = create_private(file)
    try:
        _write_all(descriptor, memoryview(text.encode()))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, view: memoryview) -> None:
    while view:
        view = view[os.write(descriptor, view) :]


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _clear(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    elif folder.is_dir():
        shutil.rmtree(folder)
