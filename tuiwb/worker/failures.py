"""What ends a run, in words: an exception becomes what, where, found, and what to do next."""

from __future__ import annotations

import errno
import os
import sys
import sysconfig
import traceback
from pathlib import Path

import tuiwb
from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.run.create import called
from tuiwb.worker.shortage import is_shortage, shortage

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
GONE = (errno.ENOENT, errno.ENOTDIR, errno.ESTALE)
TRACE = 64_000
"""Characters of a traceback that are kept, its beginning and its end."""


class PlaceLost(UserError):
    """The run's folder cannot be written any more."""


def words(error: BaseException, root: Path) -> tuple[str, UserError, str]:
    """The state in which a run at ``root`` ends by ``error``, what to say, and the traceback where
    it is of use."""
    if isinstance(error, PlaceLost):
        return "stopped", error, ""
    if isinstance(error, UserError):
        return "failed", error, ""
    if isinstance(error, OSError) and (lost := of_the_place(error, root)) is not None:
        return "stopped", lost, ""
    if is_shortage(error):
        return "failed", shortage(error, root), trace(error)
    return "failed", crash(error, root), trace(error)


def of_the_place(error: OSError, root: Path) -> UserError | None:
    """What an error of the disk under the run comes to; None for one that is not the run's."""
    name = str(error.filename or "")
    ours = name == str(root) or name.startswith(f"{root}{os.sep}")
    if error.errno in FULL:
        return UserError(
            f"the disk took no more: {error.strerror or error}",
            where=name or str(root),
            found="training was stopped; every row written before is readable",
            next=f"make room, then: tuiwb resume {called(root)}; or put runs elsewhere with "
            "--runs DIR or TUIWB_RUNS",
        )
    if error.errno in READ_ONLY and (ours or error.errno == errno.EROFS):
        return read_only(root, error.strerror or str(error))
    if error.errno in GONE and ours:
        return gone(root, name)
    if error.errno == errno.EIO:
        return UserError(
            "the disk failed: input/output error",
            where=name or str(root),
            found="training was stopped; what was written before may be readable",
            next="look after the disk; copy the run elsewhere while it can be read",
        )
    return None


def read_only(root: Path, found: str) -> PlaceLost:
    """The run's folder cannot be written."""
    return PlaceLost(
        "the run's folder has become read-only",
        where=str(root),
        found=f"{found}; training was stopped, and every row written before is readable",
        next=f"make it writable again, then: tuiwb resume {called(root)}",
    )


def gone(root: Path, name: str = "") -> PlaceLost:
    """The run's folder, or what the run needs in it, is not there any more."""
    inside = f"{name} is missing" if name and name != str(root) else "it was deleted"
    return PlaceLost(
        "the run's folder has gone",
        where=str(root),
        found=f"{inside}; training was stopped, and nothing was made anew",
        next="start a new run with: tuiwb run",
    )


def moved(root: Path, now: Path) -> PlaceLost:
    """The run's folder has another name."""
    return PlaceLost(
        "the run's folder was moved while it was trained",
        where=str(root),
        found=f"it is {now} now; training was stopped",
        next=f"go on there with: tuiwb resume {called(now)}",
    )


def crash(error: BaseException, root: Path) -> UserError:
    """An exception that nobody foresaw: short, at the innermost line that is the user's own."""
    first = str(error).strip().splitlines()[:1]
    text = f"{type(error).__name__}: {first[0]}" if first else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not _known(frame.filename)]
    frame = theirs[-1] if theirs else frames[-1] if frames else None
    where = f"{frame.filename}, line {frame.lineno}, in {frame.name}" if frame else ""
    if theirs and frame:
        return WorkerFailed(
            f"{text} ({Path(frame.filename).name}, line {frame.lineno})",
            where=where,
            found=frame.line or "",
            next=f"put it right, then: tuiwb resume {called(root)}; the whole traceback is in the "
            f"journal and in {root / 'worker.log'}",
        )
    return WorkerFailed(
        f"the worker failed: {text}",
        where=where,
        next=f"the traceback is in the journal and in {root / 'worker.log'}",
    )


def trace(error: BaseException) -> str:
    """The whole traceback; of an endless one its beginning and its end."""
    text = "".join(traceback.format_exception(error))
    if len(text) > TRACE:
        text = f"{text[: TRACE // 2]}\n[...]\n{text[-TRACE // 2 :]}"
    return text


def _known(file: str) -> bool:
    """Whether a source file is the workbench's, Python's or an installed package's."""
    paths = sysconfig.get_paths()
    homes = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    homes += [str(Path(tuiwb.__file__).parent), *_of("torch"), *_of("numpy")]
    return file.startswith("<") or any(file.startswith(home + os.sep) for home in homes)


def _of(package: str) -> list[str]:
    file = getattr(sys.modules.get(package), "__file__", None)
    return [str(Path(file).parent)] if file else []
