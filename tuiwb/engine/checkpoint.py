"""Checkpoints: staged on the training thread, written on another, whole or not there at all.

``STEP/state.pt`` holds what is needed to go on: model, optimiser, step, the spec in force, random
states, early stopping. It is written beside, fsynced, renamed; ``STEP/sha256`` tells a corrupted
one. Loading is `torch.load` with ``weights_only=True``: a checkpoint executes nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch

from tuiwb.base.errors import UserError
from tuiwb.engine.build import Session
from tuiwb.engine.evaluation import EarlyStopping

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


def state_of(session: Session, stopping: EarlyStopping) -> dict[str, Any]:
    """A copy of everything that the next step depends on, on the CPU."""
    state = {
        "step": session.step,
        # the one in force: hot knobs may have been set since the run began
        "spec": msgspec.to_builtins(session.spec),
        "model": session.model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in session.optimizers],
        "early_stopping": stopping.state_dict(),
        "random": {
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if session.device.is_cuda else [],
        },
    }
    copied: dict[str, Any] = _copy(state)
    return copied


def _copy(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_copy(item) for item in value]
    return value


def load(folder: Path) -> dict[str, Any]:
    """The state in a checkpoint folder; a damaged one is a `UserError`."""
    file = folder / "state.pt"
    try:
        expected = (folder / "sha256").read_text().strip()
        if hashlib.sha256(file.read_bytes()).hexdigest() != expected:
            raise UserError(
                "a checkpoint is damaged",
                where=str(folder),
                found="its checksum does not match",
                next="an earlier checkpoint in the same folder may be whole",
            )
    except OSError as error:
        raise UserError(f"cannot read a checkpoint: {error.strerror}", where=str(folder)) from None
    state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    return state


class Checkpoints:
    """Writes checkpoints into ``folder`` in the background, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread: threading.Thread | None = None
        self._written: list[Written] = []
        self._best: int | None = None
        self._newest: int | None = None

    def save(
        self, session: Session, stopping: EarlyStopping, reason: str, *, best: bool = False
    ) -> bool:
        """Stage the state now and write it in the background.

        False where the previous write is still under way (a checkpoint is skipped, not queued:
        training never waits for the disk) or this step is on disk already.
        """
        if self._busy() or self._newest == session.step:
            return False
        if best:
            self._best = session.step
        self._newest = session.step
        state = state_of(session, stopping)
        self._thread = threading.Thread(
            target=self._write, args=(session.step, state, reason), name="checkpoint", daemon=True
        )
        self._thread.start()
        return True

    def finished(self) -> list[Written]:
        """The writes that ended since the last call."""
        written, self._written = self._written, []
        return written

    def wait(self) -> None:
        """Until nothing is under way."""
        if self._thread is not None:
            self._thread.join()

    def _busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _write(self, step: int, state: dict[str, Any], reason: str) -> None:
        final = self._folder / f"{step:08d}"
        beside = self._folder / f".{step:08d}.partial"
        try:
            beside.mkdir(parents=True, exist_ok=True)
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
            size = (final / "state.pt").stat().st_size
            self._prune()
            self._written.append(Written(step, final, size, reason))
        except OSError as error:
            shutil.rmtree(beside, ignore_errors=True)
            self._written.append(Written(step, final, 0, reason, error))
        except RuntimeError as error:  # what torch.save makes of a full disk
            shutil.rmtree(beside, ignore_errors=True)
            failed = OSError(f"torch could not write it: {str(error).splitlines()[0]}")
            self._written.append(Written(step, final, 0, reason, failed))

    def _prune(self) -> None:
        steps = sorted(int(p.name) for p in self._folder.iterdir() if p.name.isdigit())
        keep = {*steps[:1], *steps[-KEEP:], self._best}
        for step in steps:
            if step not in keep:
                shutil.rmtree(self._folder / f"{step:08d}", ignore_errors=True)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
