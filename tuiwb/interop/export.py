"""The way out: a run as something that other tools read, beside the run and never over anything."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path
from typing import NamedTuple

from tuiwb.base.errors import UserError
from tuiwb.base.registry import Shelf
from tuiwb.base.text import one_line, slug
from tuiwb.interop.formats.safetensors import best
from tuiwb.run.view import RunView

FORMATS = Shelf("interop/formats", "format", declares="\ndef export(")


class Exported(NamedTuple):
    """Where it is, and in words what is in it."""

    path: Path
    words: str


def export(
    run: RunView, to: str, out: Path | None = None, step: str | None = None, force: bool = False
) -> Exported:
    """Export ``run`` in the format ``to``; ``out`` is a file or a folder, by default one in this
    folder named after the run. ``step`` is a checkpoint's, or ``best``, or ``newest``.

    It is made beside and renamed: what stands at ``out`` is whole. Raises `UserError`, also where
    something stands there already, unless ``force`` is given.
    """
    try:
        format = FORMATS.load(to, "--to")
    except UserError as error:
        error.next = ""
        raise
    chosen = _step(run, step)
    target = (out or Path(slug(run.id) + format.SUFFIX)).expanduser().absolute()
    if os.path.lexists(target) and not force:
        raise _taken(target)
    beside = target.with_name(f".{target.name[:80]}.{secrets.token_hex(4)}")
    try:
        words = format.export(run, beside, chosen)
        _place(beside, target, force)
    except OSError as error:
        raise UserError(
            f"cannot export to {one_line(str(target), 300)}: {error.strerror or error}",
            where="--out",
            next="give another place with --out",
        ) from None
    finally:
        _clear(beside)
    return Exported(target, words)


def _step(run: RunView, step: str | None) -> int | None:
    if step in (None, "newest"):
        return None
    if step == "best":
        return best(run)
    if step is None or not (step.isdecimal() and len(step) < 19):
        raise UserError(
            "not a step", where="--step", found=str(step), allowed="a number, best or newest"
        )
    return int(step)


def _place(beside: Path, target: Path, force: bool) -> None:
    """Put what was made where it belongs. With ``force`` its files take the place of files of the
    same names; nothing else in a folder is touched."""
    if not os.path.lexists(target):
        os.rename(beside, target)
        return
    if not force:
        raise _taken(target)
    if beside.is_dir() != (target.is_dir() and not target.is_symlink()):
        kind = "a folder" if beside.is_dir() else "a file"
        raise UserError(f"{kind} is to be made, and something else stands there", where=str(target))
    if not beside.is_dir():
        os.replace(beside, target)
        return
    for name in os.listdir(beside):
        os.replace(beside / name, target / name)


def _clear(beside: Path) -> None:
    if beside.is_dir():
        shutil.rmtree(beside, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            beside.unlink()


def _taken(target: Path) -> UserError:
    return UserError(
        f"there is something at {one_line(str(target), 300)} already",
        where="--out",
        allowed="a name that is free",
        next="give another with --out, or add --force to put this in its place",
    )
