"""A run that another machine trains, on a disk where its lock does not reach this one."""

from __future__ import annotations

import socket

from tuiwb.base.errors import UserError
from tuiwb.run.facts import QUEUED
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import holder
from tuiwb.run.reader import RunReader
from tuiwb.run.status import STALE


def refuse_elsewhere(paths: RunPaths) -> None:
    """`UserError` where the run gives signs of life and its worker is not on this machine."""
    held = holder(paths.lock)
    if held is None or held.alive is not None or held.host == socket.gethostname():
        return
    with RunReader(paths.root) as reader:
        status = reader.poll(None).status
    if not status.ended_now and status.state != QUEUED:
        raise UserError(
            f"{paths.id} is being trained on another machine",
            where=str(paths.lock),
            found=f"process {held.pid} on {held.host}, with a sign of life in the last {STALE:g} s",
            allowed="one worker per run",
            next=f"end it with: tuiwb ctl {paths.id} stop; if {held.host} is down, try again in "
            f"{STALE:g} s",
        )
