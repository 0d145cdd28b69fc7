"""Where a module's code lies and which code it is, found out without running any of it."""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

_MAX_BYTES = 64 << 20


@dataclass(frozen=True)
class Source:
    """The file of a module. ``digest`` is over it and the packages that importing it runs first."""

    module: str
    path: str
    digest: str


def locate(module: str, folder: Path) -> Source:
    """What ``import module`` would run: among what is installed, then in ``folder``.

    Raises ModuleNotFoundError, with the part of the name that is missing.
    """
    importlib.invalidate_caches()
    places: list[str] | None = None
    name, path, digest = "", "", hashlib.sha256()
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        found = _spec(name, places, folder)
        if found is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        places = list(found.submodule_search_locations or ())
        path = str(found.origin or name)
        digest.update(f"{name}\0{path}\0".encode("utf-8", "backslashreplace"))
        digest.update(_code(path) if found.has_location else b"")
    return Source(module, path, digest.hexdigest())


def _spec(name: str, places: list[str] | None, folder: Path) -> ModuleSpec | None:
    if places is not None:
        return PathFinder.find_spec(name, places)
    here = (str(folder), "")
    installed = [entry for entry in sys.path if entry not in here]
    for finder in sys.meta_path:  # beside the usual one: what is built in, editable installs
        among = installed if finder is PathFinder else None
        if (found := finder.find_spec(name, among)) is not None:
            return found
    return PathFinder.find_spec(name, [str(folder)])


def _code(path: str) -> bytes:
    """A digest of a file: any difference between two of them is one between their digests."""
    if not os.path.isfile(path):  # inside an archive: its path and size must do
        return b""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read(_MAX_BYTES)).digest()
