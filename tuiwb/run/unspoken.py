"""A worker that ended without a word: whoever saw it end says so in its run's journal."""

from __future__ import annotations

from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.run.journal import Journal, last_events
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import WorkerLock
from tuiwb.run.status import last_words


def speak_for(paths: RunPaths, since: float, status: int) -> None:
    """Journal that a worker ended with exit ``status`` (below 0: a signal) before it began, unless
    there has been an event ``since`` (Unix seconds), or the journal was taken away from it."""
    if not paths.journal.is_file():
        return
    if any(event["time"] >= since for event in last_events(paths.journal)):
        return
    how = f"killed by signal {-status}" if status < 0 else f"exit code {status}"
    lines = last_words(paths.log)
    error = WorkerFailed(
        f"the worker ended before it began: {how}",
        where=str(paths.log),
        found=lines[-1] if lines else "an empty log",
        next="tuiwb info shows whether torch and the device are in order",
    )
    try:
        with WorkerLock(paths.lock), Journal(paths.journal) as journal:
            journal.write("error", **error.as_dict(), signal=max(0, -status))
            journal.write("state", state="failed", reason=error.what)
    except (OSError, UserError):
        return  # the folder has gone, or another worker has the run: then it speaks
