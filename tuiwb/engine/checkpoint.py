"""Checkpoints on the disk: which there are, what is in one, whether it is whole.

``STEP/state.pt`` holds what is needed to go on (`tuiwb.engine.state`). ``STEP/sha256``
tells a corrupted one. Loading is `torch.load` with
``weights_only=True``: a checkpoint executes nothing.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import torch

from tuiwb.base.errors import UserError
from tuiwb.base.plain import open_plain
from tuiwb.engine import writing


def steps_in(folder: Path) -> list[int]:
    """The steps whose checkpoints lie in ``folder``, in order; none where it is not there."""
    try:
        if folder.is_symlink():
            return []  # it would lead out of the run
        names = [path.name for path in folder.iterdir() if not path.is_symlink()]
        return sorted(int(name) for name in names if name.isdecimal() and len(name) < 20)
    except OSError:
        return []


def newest_whole(
    folder: Path, at: int | None = None, warn: Callable[[str], None] = lambda text: None
) -> tuple[int, dict[str, Any]] | None:
    """The newest checkpoint in ``folder``, of step ``at`` at most, that is whole: its step and its
    state. A damaged one is told to ``warn``, and the one before is taken; None where none is."""
    for step in reversed(steps_in(folder)):
        if at is not None and step > at:
            continue
        try:
            return step, load(writing.place(folder, step))
        except UserError as error:
            found = f" ({error.found})" if error.found else ""
            warn(f"the checkpoint of step {step} is left out: {error.what}{found}")
    return None


def load(folder: Path) -> dict[str, Any]:
    """The state in a checkpoint folder; a damaged one is a `UserError`."""
    try:
        with os.fdopen(open_plain(folder / writing.CHECKSUM), "rb") as file:
            expected = file.read(100).decode("ascii", "replace").strip()
        with os.fdopen(open_plain(folder / writing.STATE), "rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                raise _damaged(folder, "its checksum does not match")
            _refuse_packed(folder, file)
            file.seek(0)
            state = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise UserError(f"cannot read a checkpoint: {error.strerror}", where=str(folder)) from None
    except _BROKEN as error:
        raise _damaged(folder, str(error).splitlines()[0] if str(error) else "") from None
    if not isinstance(state, dict):
        raise _damaged(folder, f"a {type(state).__name__}, not the state of a run")
    return state


def _refuse_packed(folder: Path, file: BinaryIO) -> None:
    """`torch.save` packs nothing: what unpacks to more than it takes on the disk is not ours, and
    could take all memory."""
    with zipfile.ZipFile(file) as parts:
        if any(part.compress_type or part.file_size > _size(file) for part in parts.infolist()):
            raise _damaged(folder, "it unpacks to more than it is")


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


# What zipfile and torch make of bytes that are not what they should be.
_BROKEN = (
    pickle.UnpicklingError, zipfile.BadZipFile, RuntimeError, EOFError, ValueError, KeyError,
    TypeError, AttributeError, IndexError, AssertionError, MemoryError, struct.error,
)  # fmt: skip


def _damaged(folder: Path, found: str) -> UserError:
    return UserError(
        "a checkpoint is damaged",
        where=str(folder),
        found=found,
        next="an earlier checkpoint in the same folder may be whole",
    )
