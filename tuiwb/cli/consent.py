"""Asking whether code that a spec names may run, before a process is started that would run it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tuiwb.base import consent
from tuiwb.base.text import clean
from tuiwb.cli import output

if TYPE_CHECKING:
    from tuiwb.spec import Resolved

_KEY = "model.name"


def settle_run(path: Path, allow_code: bool = False) -> None:
    """`settle` for a run that is to be trained again, by the folder that it was started in."""
    from tuiwb.api import open_run

    view = open_run(path)
    folder = view.meta.get("folder")
    if view.spec is not None:
        home = Path(folder) if isinstance(folder, str) and folder else None
        settle(view.spec, (), allow_code, home)


def settle(
    resolved: Resolved,
    settings: Sequence[str] = (),
    allow_code: bool = False,
    folder: Path | None = None,
) -> None:
    """See to it that the code which ``resolved`` names is allowed, or raise `UserError`.

    What the user typed in ``settings`` is a wish of their own, ``--allow-code`` says yes to what
    the file asks for, and on a terminal there is a question. ``folder`` is where the code is looked
    for beside what is installed: this one.
    """
    name = resolved.get(_KEY)
    source = consent.asks(name, folder)
    if source is None:
        return
    typed = any(text.partition("=")[0].strip() == _KEY for text in settings)
    if typed or allow_code or _asked(name, source.path):
        consent.allow(source)
    consent.require(source, name)


def _asked(name: str, path: str) -> bool:
    """The user's answer, where there is a terminal to ask on."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    output.say(
        f"This spec trains {name}, code that may do all that you may do:\n"
        f"  {clean(path)}\n"
        "Run it, now and until it changes? y/N"
    )
    return sys.stdin.readline().strip().lower() in ("y", "yes")
