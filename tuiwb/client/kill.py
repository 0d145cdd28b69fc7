"""The last resort against a worker that hears nothing: a step that hangs takes no commands."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

from tuiwb.base.errors import UserError
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import holder


def kill(path: Path) -> int:
    """End a run's worker at once; returns its process id. Every row that was emitted stays; steps
    since the newest checkpoint are trained again when it is resumed.

    Raises `UserError` where there is no worker, or none that can be reached from here.
    """
    held = holder(RunPaths(path).lock)
    if held is None or held.alive is False:
        raise UserError(f"{path.name} has no worker that could be killed", where=str(path))
    if held.alive is None or held.host != socket.gethostname():
        raise UserError(
            f"the worker of {path.name} is not known to run on this machine",
            where=str(path),
            found=f"process {held.pid} on {held.host}",
            next=f"on {held.host}: kill -9 {held.pid}",
        )
    try:
        os.kill(held.pid, signal.SIGKILL)
    except OSError as error:
        raise UserError(
            f"process {held.pid} cannot be killed: {error.strerror}", where=str(path)
        ) from None
    return held.pid
