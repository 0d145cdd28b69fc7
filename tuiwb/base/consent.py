"""Code that is not ours runs only after its user has allowed it, once: the list of what is allowed.

A spec may name a class of anybody's (``model.name = "package.module:Class"``), and a spec may come
from anybody. So the process that would import the module asks here first. An entry is the module's
name, its file and a digest of the code: another file, or another content, is asked about anew.
``TUIWB_ALLOW=module,package`` allows for as long as it is set, for scripts and schedulers.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tuiwb.base.errors import UserError
from tuiwb.base.source import Source, locate

ALLOW = "TUIWB_ALLOW"
_MAX_BYTES = 1 << 20
_MAX_ENTRIES = 1000


def asks(name: object, folder: Path | None = None) -> Source | None:
    """The code behind ``package.module:Class`` that is to be asked about; None where it is allowed,
    where the name is not of this form, and where there is no such module."""
    module, colon, _ = name.partition(":") if isinstance(name, str) else ("", "", "")
    if not colon:
        return None
    try:
        source = locate(module, folder or Path.cwd())
    except (ImportError, OSError, ValueError):
        return None  # whoever imports it will say so; nothing runs
    return None if allowed(source) else source


def check(name: object, folder: Path | None = None) -> None:
    """`UserError` where ``name`` is of code that is to be asked about first."""
    if (source := asks(name, folder)) is not None:
        require(source, str(name))


def require(source: Source, name: str) -> None:
    """`UserError` unless the code behind ``name`` is allowed."""
    if not allowed(source):
        known = any(entry.get("path") == source.path for entry in _entries())
        raise UserError(
            f"{name} is code that you have not allowed yet",
            where=source.path,
            found="it has changed since you allowed it" if known else "a spec that asks for it",
            allowed=f"what you type yourself (-s model.name={name}), or allowed once",
            next=f"read it; then add --allow-code, or set {ALLOW}={source.module}",
        )


def allowed(source: Source) -> bool:
    """Whether the user has allowed this code, or allows its module for now."""
    for given in os.environ.get(ALLOW, "").split(","):
        if given and f"{source.module}.".startswith(f"{given.strip()}."):
            return True
    wanted = _entry(source)
    return any(wanted.items() <= entry.items() for entry in _entries())


def allow(source: Source) -> None:
    """Remember that this code may run. Raises `UserError` where that cannot be written."""
    entry = _entry(source)
    kept = [old for old in _entries() if old.get("path") != source.path]
    entries = [*kept[1 - _MAX_ENTRIES :], entry | {"allowed": time.time()}]
    file = _file()
    try:
        os.makedirs(file.parent, mode=0o700, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(prefix=".allowed-", dir=file.parent)  # 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                json.dump({"code": entries}, out, indent=1)
            os.replace(beside, file)
        except BaseException:
            with suppress(OSError):
                os.unlink(beside)
            raise
    except OSError as error:
        raise UserError(
            f"cannot remember what you allowed: {error.strerror}",
            where=str(file),
            next=f"set {ALLOW}={source.module} instead",
        ) from None


def _entry(source: Source) -> dict[str, str]:
    return {"module": source.module, "path": source.path, "sha256": source.digest}


def _entries() -> list[dict[str, Any]]:
    """The entries of the list; a list that is damaged allows nothing."""
    try:
        with open(_file(), "rb") as file:
            data = json.loads(file.read(_MAX_BYTES))
        return [entry for entry in data["code"] if isinstance(entry, dict)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def _file() -> Path:
    state = os.environ.get("XDG_STATE_HOME", "")
    home = Path(state) if os.path.isabs(state) else Path.home() / ".local" / "state"
    return home / "tuiwb" / "allowed.json"
