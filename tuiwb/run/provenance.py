"""Where a run comes from: program and library versions, machine, code revision."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import socket
from pathlib import Path
from typing import Any

import tuiwb
from tuiwb.run.files import read_small
from tuiwb.run.person import user

_PACKAGES = ("torch", "numpy", "scikit-learn")


def provenance(folder: Path | None = None) -> dict[str, Any]:
    """JSON-ready facts about this machine and the code in ``folder`` (default: here). No secrets:
    the environment is not recorded. Starts no other program."""
    folder = folder or Path.cwd()
    versions = {"tuiwb": tuiwb.__version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "versions": versions,
        "host": socket.gethostname(),
        "platform": platform.platform(),
        "user": user(),
        "folder": str(folder),
        "git": git_commit(folder),
    }


def git_commit(folder: Path) -> str | None:
    """The commit checked out in the repository around ``folder``, read from its files."""
    for place in (folder, *folder.parents):
        git = place / ".git"
        if git.is_dir():
            return _head(git)
        if git.is_file():  # a worktree or a submodule points to its folder
            found = re.fullmatch(r"gitdir: (.+)\n?", _text(git))
            return _head(place / found[1]) if found else None
    return None


def _head(git: Path) -> str | None:
    head = _text(git / "HEAD").strip()
    if not head.startswith("ref: "):
        return head or None
    ref = head.removeprefix("ref: ")
    common = git / (_text(git / "commondir").strip() or ".")
    for base in (git, common):
        if commit := _text(base / ref).strip():
            return commit
    packed = re.search(rf"^([0-9a-f]+) {re.escape(ref)}$", _text(common / "packed-refs"), re.M)
    return packed[1] if packed else None


def _text(path: Path) -> str:
    try:
        return read_small(path, 1 << 24).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
