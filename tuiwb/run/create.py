"""Making a run directory: whole or not at all, and for its owner's eyes only."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shlex
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tuiwb.base.errors import UserError
from tuiwb.base.text import clean, slug
from tuiwb.run.layout import FORMAT, RunPaths
from tuiwb.run.meta import read_meta
from tuiwb.run.world import World
from tuiwb.spec import Resolved, to_toml

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


def runs_dir() -> Path:
    """Where runs live: ``TUIWB_RUNS``, else ``tuiwb/runs`` in the XDG data folder."""
    if given := os.environ.get("TUIWB_RUNS"):
        return Path(given).expanduser().absolute()
    data = os.environ.get("XDG_DATA_HOME", "")
    home = Path(data) if os.path.isabs(data) else Path.home() / ".local" / "share"
    return home / "tuiwb" / "runs"


def called(root: Path) -> str:
    """What a command calls the run at ``root``: its name, where that is enough."""
    return shlex.quote(root.name if root.parent == runs_dir() else str(root))


def create(
    runs_dir: Path,
    resolved: Resolved,
    *,
    name: str | None = None,
    argv: Sequence[str] = (),
    parent: Mapping[str, Any] | None = None,
    sweep: Mapping[str, Any] | None = None,
    world: World | None = None,
    folder: Path | None = None,
    fill: Callable[[RunPaths], None] = lambda paths: None,
) -> Path:
    """Make the folder of a new run and return it: ``name``, or ``<preset>-NNNN`` with the next
    free number.

    ``parent`` is ``{"run": id, "step": n}`` of a run that this one forks from; its ``uid``, which a
    rename leaves as it is, is added. ``sweep`` is ``{"name": ..., "uid": ..., "trial": n}`` of a
    trial. ``world`` is by how many processes it will be trained. ``folder`` is where paths in the
    spec begin (default: here).
    The run's folder is built beside and renamed, so no reader sees half of it; ``fill`` puts more
    into it before. Raises `UserError`: a bad or taken name, a place that cannot be written, a full
    disk.
    """
    meta = {
        "preset": resolved.preset,
        "steps": resolved.spec.train.steps,
        "seed": resolved.spec.train.seed,
        "argv": list(argv),
        "parent": _with_uid(parent, runs_dir) if parent else None,
    }
    if sweep is not None:
        meta["sweep"] = dict(sweep)
    if world is not None and not world.alone:
        meta["ranks"] = world.as_dict()
    spec = to_toml(resolved)

    def filled(paths: RunPaths) -> None:
        _fill(paths, meta, spec, folder)
        fill(paths)

    return _create(runs_dir, slug(resolved.preset, "run"), name, filled)


def next_name(runs_dir: Path, resolved: Resolved) -> str:
    """The name that `create` would give, as long as nobody else is faster."""
    preset = slug(resolved.preset, "run")
    number = _next_number(runs_dir, preset) if os.path.isdir(runs_dir) else 1
    return f"{preset}-{number:04d}"


def create_watched(
    runs_dir: Path,
    title: str,
    hparams: Mapping[str, Any],
    name: str | None = None,
    created: float | None = None,
    steps: int | None = None,
) -> Path:
    """Make the folder of a run whose loop is the user's own: no spec, ``hparams`` in meta.json.

    ``created`` is when it began, Unix seconds, where that is not now; ``steps`` how many are
    planned, where that is known. Raises `UserError` as `create` does.
    """
    plain = json.loads(json.dumps(dict(hparams), default=str))
    meta = {"preset": title, "watched": True, "hparams": plain, "argv": [], "parent": None}
    if created is not None:
        meta["created"] = created
    if steps is not None:
        meta["steps"] = steps
    return _create(runs_dir, slug(title, "run"), name, lambda paths: _fill(paths, meta))


def _with_uid(parent: Mapping[str, Any], runs_dir: Path) -> dict[str, Any]:
    name = parent.get("run")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return dict(parent)
    uid = read_meta(RunPaths(runs_dir / name))[0].get("uid")
    return {**parent, "uid": uid} if isinstance(uid, str) else dict(parent)


def _create(
    runs_dir: Path, preset: str, name: str | None, fill: Callable[[RunPaths], None]
) -> Path:
    if name is not None:
        check_name(name, runs_dir)
    beside = runs_dir / f".new-{secrets.token_hex(6)}"
    try:
        os.makedirs(runs_dir, mode=0o700, exist_ok=True)
        os.mkdir(beside, 0o700)
        fill(RunPaths(beside))
        return _place(beside, runs_dir, name, preset)
    except OSError as error:
        raise UserError(
            f"cannot create a run: {error.strerror or error}",
            where=str(runs_dir),
            found=clean(str(error.filename or ""), 300),
            allowed="a folder that you may write, with room on its disk",
            next="give another place with --runs DIR or TUIWB_RUNS",
        ) from None
    finally:
        with contextlib.suppress(OSError):
            if beside.exists():
                shutil.rmtree(beside)


def check_name(name: str, runs_dir: Path, where: str = "--name") -> None:
    """`UserError` unless a run can be called ``name`` in this folder."""
    if not _NAME.fullmatch(name):
        raise UserError(
            f"not a name for a run: {clean(name, 120)!r}",
            where=where,
            found=repr(clean(name, 120)),
            allowed="letters, digits, dot, dash and underscore; not a dot or dash first",
            nearest=slug(name),
        )
    if os.path.lexists(runs_dir / name):
        raise taken(name, runs_dir)


def taken(name: str, runs_dir: Path) -> UserError:
    """The error where a run, or anything else, has the name already."""
    return UserError(
        f"there is a run {name} already",
        where=str(runs_dir),
        found=name,
        next=f"choose another name, or go on with: tuiwb resume {name}",
    )


def _fill(
    paths: RunPaths, about: Mapping[str, Any], spec: str | None = None, home: Path | None = None
) -> None:
    for folder in (paths.tables, paths.pictures, paths.checkpoints, paths.inbox):
        os.mkdir(folder, 0o700)
    identity = {"created": time.time(), "uid": secrets.token_hex(8)}
    from tuiwb.run.provenance import provenance  # looking at runs needs none of it

    meta = {"format": FORMAT, **identity, **about, **provenance(home)}
    if spec is not None:
        _write(paths.spec, spec)
    _write(paths.meta, json.dumps(meta, indent=2, ensure_ascii=False) + "\n")
    for empty in (paths.journal, paths.log):
        _write(empty, "")


def _write(path: Path, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(text.encode("utf-8", "backslashreplace"))


def _place(beside: Path, runs_dir: Path, name: str | None, preset: str) -> Path:
    """Rename to the first free name; losing a race to another client means the next number."""
    number = _next_number(runs_dir, preset)
    while True:
        target = runs_dir / (name or f"{preset}-{number:04d}")
        try:
            if os.path.lexists(target):
                raise FileExistsError
            os.rename(beside, target)  # fails on a folder that is not empty, as every run's is
            return target
        except OSError:
            if not os.path.lexists(target):
                raise
            if name is not None:
                raise taken(name, runs_dir) from None
            number += 1


def _next_number(runs_dir: Path, preset: str) -> int:
    pattern = re.compile(rf"{re.escape(preset)}-([0-9]{{4,9}})")
    taken = (pattern.fullmatch(name) for name in os.listdir(runs_dir))
    return max((int(match[1]) for match in taken if match), default=0) + 1
