"""Keep a checkpoint of this step; answered when it is on disk, and training goes on meanwhile.

The answer's step is the checkpoint's. Where another one is being written, it is staged after that.
"""

from __future__ import annotations

from tuiwb.engine.desk import Desk
from tuiwb.engine.interfaces import Command


def obey(desk: Desk, command: Command) -> None:
    if desk.session.ranks.sharded:
        desk.loop.checkpoints.wait()  # all ranks give their part now, or none does
    keeping = _Keeping(desk, command)
    if not keeping.done():
        desk.await_(command, keeping.done)


class _Keeping:
    """From asked to on disk."""

    def __init__(self, desk: Desk, command: Command) -> None:
        self._desk, self._command = desk, command
        self._step: int | None = None

    def done(self) -> bool:
        loop, now = self._desk.loop, self._desk.session.step
        if self._step is None:
            loop.checkpoint("asked")
            if loop.checkpoints.newest != now:
                if sharded := self._desk.session.ranks.sharded:
                    self._command.refuse(now, "there was no room for its copy")
                return sharded
            self._step = now
        if loop.checkpoints.busy():
            return False
        loop.report_checkpoints()
        size = loop.checkpoints.on_disk(self._step)
        if size is None:
            self._command.refuse(now, "the disk did not take it")
        else:
            self._command.accept(self._step, bytes=size)
        return True
