"""A run's folder as a thing: renamed, deleted, weighed. Never of a run that is being trained, never
of what is not a run, and never by way of a link."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from tuiwb.base.errors import UserError
from tuiwb.base.text import one_line
from tuiwb.run.checking import check
from tuiwb.run.create import check_name, taken
from tuiwb.run.files import is_folder
from tuiwb.run.kept import RunSummary
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import WorkerLock
from tuiwb.run.meta import read_meta
from tuiwb.run.summary import summarise

DYING = ".rm-"
"""How the name of a folder begins that is being deleted."""
_DYING = re.compile(r"\.rm-[0-9a-f]{12}")  # and nothing of anybody else's that begins so
_OURS = {
    "spec.toml", "meta.json", "journal.jsonl", "tables", "pictures", "checkpoints", "inbox",
    "worker.lock", "worker.log", "labels.json", "schedule.json", ".ballast",
}  # fmt: skip


def remove(path: Path) -> bool:
    """Delete a run; False where somebody else has deleted it meanwhile.

    It goes by a hidden name first, so that no reader sees half of it. `UserError`: not a run, a
    live one, or one that cannot be written; what could not be deleted waits for `sweep`.
    """
    hidden = path.with_name(f"{DYING}{secrets.token_hex(6)}")
    try:
        certain(path)
        with still(path, "deleted"):
            os.rename(path, hidden)
    except (UserError, FileNotFoundError) as error:
        if not os.path.lexists(path):
            return False
        if isinstance(error, UserError):
            raise
    except OSError as error:
        raise _cannot("delete", path, error) from None
    _erase(hidden, path)
    return True


def remove_checkpoints(path: Path) -> bool:
    """Delete the checkpoints of a run and leave its curves, its journal and its pictures; False
    where there are none."""
    paths = RunPaths(path)
    hidden = path / f"{DYING}{secrets.token_hex(6)}"
    try:
        certain(path)
        with still(path, "stripped of its checkpoints"):
            if not is_folder(paths.checkpoints) or not os.listdir(paths.checkpoints):
                return False
            os.rename(paths.checkpoints, hidden)
            os.mkdir(paths.checkpoints, 0o700)
    except UserError:
        if not os.path.lexists(path):
            return False
        raise
    except OSError as error:
        raise _cannot("delete the checkpoints of", path, error) from None
    _erase(hidden, path)
    return True


def rename(path: Path, name: str) -> Path:
    """Call a run ``name`` from now on; returns where it is then. What goes by its ``uid``, such as
    its children, finds it as before.

    A live run is not renamed: its worker finds checkpoints, inbox and new tables by the name.
    """
    certain(path)
    check_name(name, path.parent, where="NEW")
    target = path.with_name(name)
    with still(path, "renamed"):
        try:
            if os.path.lexists(target):
                raise taken(name, path.parent)
            os.rename(path, target)
        except OSError as error:
            if os.path.lexists(target) and os.path.lexists(path):
                raise taken(name, path.parent) from None
            raise _cannot("rename", path, error) from None
    return target


def sweep(runs_dir: Path) -> None:
    """Go on deleting what somebody began to delete and could not finish."""
    try:
        names = [name for name in os.listdir(runs_dir) if _DYING.fullmatch(name)]
    except OSError:
        return
    for name in names:
        shutil.rmtree(runs_dir / name, ignore_errors=True)


def certain(path: Path) -> None:
    """`UserError` unless a run stands there for sure: what is not one must not be touched."""
    if os.path.islink(path):
        raise UserError(
            f"{one_line(path.name, 120)} is a link, not a run",
            where=str(path),
            found=f"a link to {one_line(os.readlink(path), 200)}",
            next="links are not followed; name the folder itself",
        )
    if isinstance(read_meta(RunPaths(path))[0].get("format"), int):
        return
    check(RunPaths(path))
    names = [n for n in os.listdir(path) if n not in _OURS and not n.startswith((DYING, ".labels"))]
    if names:
        raise UserError(
            f"{one_line(path.name, 120)} may be a run, or something else",
            where=str(path),
            found=one_line(", ".join(sorted(names)[:8]), 200),
            allowed="a folder with a meta.json of ours, or with nothing but a run's files",
            next="if it is to go, delete the folder yourself",
        )


@contextlib.contextmanager
def still(path: Path, what: str) -> Iterator[None]:
    """Nobody trains the run meanwhile, and nobody begins to. `UserError` where somebody does."""
    run = summarise(path)
    if run is not None and run.live:
        raise alive(run, what)
    lock = WorkerLock(RunPaths(path).lock)
    lock.acquire(sign=False)
    try:
        yield
    finally:
        lock.release()


def alive(run: RunSummary, what: str) -> UserError:
    """The error where a run is being trained and cannot be ``what``."""
    return UserError(
        f"{run.id} is live and cannot be {what}",
        where=str(run.path),
        found=run.words,
        allowed="a run that is over",
        next=f"stop it first: tuiwb ctl {run.id} stop",
    )


def _erase(hidden: Path, path: Path) -> None:
    left: list[str] = []

    def failed(function: object, name: str, reason: object) -> None:
        if os.path.lexists(name):
            left.append(name)

    shutil.rmtree(hidden, onerror=failed)  # takes links away, and what they lead to it leaves
    if left and os.path.lexists(hidden):
        raise UserError(
            f"{one_line(path.name, 120)} is deleted but for {len(left)} files",
            where=str(hidden),
            found=one_line(os.path.relpath(left[0], hidden), 200),
            allowed="folders that you may write",
            next="make them writable; the next tuiwb prune --yes, or rm, deletes the rest",
        )


def _cannot(do: str, path: Path, error: OSError) -> UserError:
    return UserError(
        f"cannot {do} {one_line(path.name, 120)}: {error.strerror or error}",
        where=str(path.parent),
        next="the folder of runs must be there and writable by you",
    )
