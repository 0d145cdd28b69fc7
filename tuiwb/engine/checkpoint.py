"""Checkpoints: staged on the training thread, written on another, whole or not there at all.

``STEP/state.pt`` holds what is needed to go on (`tuiwb.engine.state`). It is written beside,
fsynced, renamed; ``STEP/sha256`` tells a corrupted one. Loading is `torch.load` with
``weights_only=True``: a checkpoint executes nothing.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tuiwb.base.errors import UserError
from tuiwb.base.format import size

KEEP = 3
"""Newest checkpoints that are kept, beside the best and the first."""


@dataclass(frozen=True)
class Written:
    """One finished write; ``error`` is set where the disk refused it."""

    step: int
    path: Path
    bytes: int
    reason: str
    error: OSError | None = None


def steps_in(folder: Path) -> list[int]:
    """The steps whose checkpoints lie in ``folder``, in order; none where it is not there."""
    try:
        return sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit())
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
            return step, load(folder / f"{step:08d}")
        except UserError as error:
            found = f" ({error.found})" if error.found else ""
            warn(f"the checkpoint of step {step} is left out: {error.what}{found}")
    return None


def load(folder: Path) -> dict[str, Any]:
    """The state in a checkpoint folder; a damaged one is a `UserError`."""
    file = folder / "state.pt"
    try:
        expected = (folder / "sha256").read_text().strip()
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        if digest != expected:
            raise _damaged(folder, "its checksum does not match")
        state = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise UserError(f"cannot read a checkpoint: {error.strerror}", where=str(folder)) from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise _damaged(folder, str(error).splitlines()[0] if str(error) else "") from None
    if not isinstance(state, dict):
        raise _damaged(folder, f"a {type(state).__name__}, not the state of a run")
    return state


def _damaged(folder: Path, found: str) -> UserError:
    return UserError(
        "a checkpoint is damaged",
        where=str(folder),
        found=found,
        next="an earlier checkpoint in the same folder may be whole",
    )


class Checkpoints:
    """Writes checkpoints into ``folder`` in the background, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread: threading.Thread | None = None
        self._written: list[Written] = []
        self._best: int | None = None
        self._newest: int | None = None

    def save(
        self, step: int, stage: Callable[[], dict[str, Any]], reason: str, *, best: bool = False
    ) -> bool:
        """Stage the state of ``step`` now and write it in the background.

        False where the previous write is still under way (a checkpoint is skipped, not queued:
        training never waits for the disk) or this step is on disk already.
        """
        if self.busy() or self._newest == step:
            return False
        if best:
            self._best = step
        self._newest = step
        self._thread = threading.Thread(
            target=self._write, args=(step, stage(), reason), name="checkpoint", daemon=True
        )
        self._thread.start()
        return True

    @property
    def newest(self) -> int | None:
        """The step that was staged last."""
        return self._newest

    def on_disk(self, step: int) -> int | None:
        """Bytes of a checkpoint that is written; None where it is not, or not yet."""
        try:
            return (self._folder / f"{step:08d}" / "state.pt").stat().st_size
        except OSError:
            return None

    def finished(self) -> list[Written]:
        """The writes that ended since the last call."""
        written, self._written = self._written, []
        return written

    def wait(self) -> None:
        """Until nothing is under way."""
        if self._thread is not None:
            self._thread.join()

    def busy(self) -> bool:
        """Whether a write is under way."""
        return self._thread is not None and self._thread.is_alive()

    def _write(self, step: int, state: dict[str, Any], reason: str) -> None:
        final = self._folder / f"{step:08d}"
        beside = self._folder / f".{step:08d}.partial"
        try:
            # a run's folder that was deleted under it must not come back
            self._folder.mkdir(mode=0o700, exist_ok=True)
            beside.mkdir(mode=0o700, exist_ok=True)
            file = beside / "state.pt"
            torch.save(state, file)
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            (beside / "sha256").write_text(digest + "\n")
            for path in (file, beside / "sha256", beside):
                _fsync(path)
            if final.exists():
                shutil.rmtree(final)
            beside.rename(final)
            _fsync(self._folder)
            length = (final / "state.pt").stat().st_size
            self._prune()
            self._written.append(Written(step, final, length, reason))
        except OSError as error:
            self._failed(beside, Written(step, final, 0, reason, error))
        except RuntimeError as error:  # what torch.save makes of a full disk
            failed = OSError(f"torch could not write it: {str(error).splitlines()[0]}")
            self._failed(beside, Written(step, final, 0, reason, failed))

    def _failed(self, beside: Path, written: Written) -> None:
        shutil.rmtree(beside, ignore_errors=True)
        if self._newest == written.step:
            self._newest = None  # it may be tried again
        self._written.append(written)

    def _prune(self) -> None:
        steps = steps_in(self._folder)
        keep = {*steps[:1], *steps[-KEEP:], self._best}
        for step in steps:
            if step not in keep:
                shutil.rmtree(self._folder / f"{step:08d}", ignore_errors=True)


def refusal(written: Written) -> str:
    """What a checkpoint that could not be written comes to, in words."""
    error = written.error
    assert error is not None
    text = f"the checkpoint of step {written.step} could not be written: {error.strerror or error}"
    try:
        free = f"; {size(shutil.disk_usage(written.path.parent).free)} are free there"
    except OSError:
        free = ""
    return (
        f"{text}{free}; training goes on, and the next checkpoint is tried when it is due; make "
        "room for it"
    )


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
