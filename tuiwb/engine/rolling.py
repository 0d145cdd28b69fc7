"""The checkpoints that a run leaves behind it: staged on the training thread, written on another,
thinned out when there is no room for all. Why each was taken is written beside it, so that a later
life of the run knows which to keep.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tuiwb.base.format import size
from tuiwb.engine import writing
from tuiwb.engine.checkpoint import steps_in
from tuiwb.engine.retention import Kept, superfluous
from tuiwb.engine.staging import Staged, Staging

SPACE = 2_000_000_000
"""Bytes that a run's checkpoints may take, unless its spec says otherwise."""


@dataclass(frozen=True)
class Written:
    """One finished write; ``error`` is set where the disk refused it."""

    step: int
    path: Path
    bytes: int
    reason: str
    error: OSError | None = None


class Checkpoints:
    """Writes checkpoints into ``folder`` in the background, one at a time, and makes room for them.

    Training never waits for the disk. Where a write is under way, a checkpoint is left out; only a
    pinned one (before an intervention or a finding) is staged all the same and written next. Of a
    burst of such, the state before the first is kept.
    """

    def __init__(self, folder: Path, space: int = SPACE) -> None:
        self.space = space
        """Bytes that checkpoints may take: see `tuiwb.engine.retention`."""
        self.wanted = False
        """Whether something was found, so that the coming boundary is worth a checkpoint."""
        self._folder = folder
        self._staging = Staging()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._writes: list[_Write] = []
        """The one under way, and the one after it."""
        self._written: list[Written] = []
        self._newest: int | None = None
        writing.clear_away(folder)
        self._kept = {step: _kept(folder, step) for step in steps_in(folder)}

    def goes_on_from(self, step: int) -> None:
        """Training goes on from the checkpoint of ``step``, which need not be written again. Those
        past it are of a life that was taken back, and go with the next write."""
        if step in self._kept:
            self._newest = step

    def prepare(self, state: Mapping[str, Any]) -> None:
        """The first checkpoint will be of such a ``state``: its memory is made ready ahead."""
        self._staging.prepare(state)

    def save(
        self,
        step: int,
        state: Callable[[], Mapping[str, Any]],
        reason: str,
        *,
        best: bool = False,
        pinned: bool = False,
        copied: bool = False,
    ) -> bool:
        """Copy ``state()``, which is that of ``step``, now and write it in the background. With
        ``copied`` it is a copy already.

        False where it was left out, or this step is staged or on disk already.
        """
        if not self.takes(step, pinned=pinned):
            if pinned:
                self.stays(step, reason)
            return False
        taken = state()
        try:
            staged = Staged(taken, {}) if copied else self._staging.take(taken)
        except (MemoryError, RuntimeError) as error:
            failed = OSError(f"no memory for a copy of what is trained: {error}".splitlines()[0])
            self._written.append(
                Written(step, writing.place(self._folder, step), 0, reason, failed)
            )
            return False
        self._newest, self.wanted = step, False
        with self._lock:
            self._writes.append(_Write(step, staged, reason, best, [reason] if pinned else []))
            if len(self._writes) == 1:
                self._thread = threading.Thread(target=self._work, name="checkpoint", daemon=True)
                self._thread.start()
        return True

    def takes(self, step: int, *, pinned: bool = False) -> bool:
        """Whether `save` would take this step now."""
        return self._newest != step and len(self._writes) <= pinned

    def stays(self, step: int, reason: str) -> None:
        """The checkpoint of ``step``, where it was the last to be staged, is kept longer."""
        if self._newest == step:
            self._pin(step, reason)

    def found(self, step: int) -> None:
        """Something was found that began after ``step``: the newest checkpoint until then stays
        longer than others, and another one is `wanted`."""
        self.wanted = True
        with self._lock:
            before = [s for s in (*self._kept, *(w.step for w in self._writes)) if s <= step]
        if before:
            self._pin(max(before), "before a finding")

    @property
    def newest(self) -> int | None:
        """The step that was staged last."""
        return self._newest

    def on_disk(self, step: int) -> int | None:
        """Bytes of a checkpoint that is written; None where it is not, or not yet."""
        return writing.size_of(self._folder, step)

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
        return bool(self._writes)

    def _work(self) -> None:
        while True:
            with self._lock:
                write = self._writes[0]
            written = self._write(write)
            self._written.append(written)  # the list is another one by now
            self._staging.give_back(write.staged)
            with self._lock:
                del self._writes[0]
                if not self._writes:
                    return

    def _write(self, write: _Write) -> Written:
        step, reasons = write.step, write.reasons()
        final = writing.place(self._folder, step)
        try:
            size = writing.write(self._folder, step, write.staged.state, reasons)
        except OSError as error:
            if self._newest == step:
                self._newest = None  # it may be tried again
            return Written(step, final, 0, write.reason, error)
        with self._lock:
            self._kept[step] = Kept(step, size, write.best, bool(write.pinned))
            taken_back = [s for s in self._kept if s > step]
            for gone in taken_back:
                del self._kept[gone]
            too_many = superfluous(tuple(self._kept.values()), self.space)
            for gone in too_many:
                del self._kept[gone]
        with suppress(OSError):
            if write.reasons() != reasons:  # pinned while it was written
                writing.write_reasons(self._folder, step, write.reasons())
            for gone in (*taken_back, *too_many):
                writing.discard(self._folder, gone)
        return Written(step, final, size, write.reason)

    def _pin(self, step: int, reason: str) -> None:
        """Keep ``step``, staged or on disk, longer than others of its age."""
        with self._lock:
            for write in self._writes:
                if write.step == step:
                    write.pinned.append(reason)
            if step not in self._kept or self._kept[step].pinned:
                return
            self._kept[step] = replace(self._kept[step], pinned=True)
        reasons = writing.read_reasons(self._folder, step) | {"pinned": [reason]}
        with suppress(OSError):
            writing.write_reasons(self._folder, step, reasons)


@dataclass
class _Write:
    """A write that is to come or under way."""

    step: int
    staged: Staged
    reason: str
    best: bool
    pinned: list[str]

    def reasons(self) -> dict[str, Any]:
        return {"reason": self.reason, "best": self.best, "pinned": list(self.pinned)}


def _kept(folder: Path, step: int) -> Kept:
    """A checkpoint of an earlier life, with what is written beside it."""
    reasons = writing.read_reasons(folder, step)
    return Kept(
        step,
        writing.size_of(folder, step) or 0,
        best=reasons.get("best") is True,
        pinned=bool(reasons.get("pinned")),
    )


def refusal(written: Written) -> str:
    """What a checkpoint that could not be written comes to, in words."""
    error = written.error
    assert error is not None
    text = f"the checkpoint of step {written.step} could not be written: {error.strerror or error}"
    try:
        free = f"; {size(shutil.disk_usage(written.path.parent).free)} are free there"
    except OSError:
        free = ""
    if written.reason in ("stop", "end"):
        return f"{text}{free}; make room: a resume goes on from the one before"
    return f"{text}{free}; make room: training goes on, and the next one is tried when it is due"
