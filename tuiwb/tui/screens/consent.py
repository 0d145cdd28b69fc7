"""The question whether code that a spec names may run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tuiwb.base import consent
from tuiwb.base.errors import UserError
from tuiwb.tui.screens.ask import Ask

if TYPE_CHECKING:
    from tuiwb.spec import Resolved
    from tuiwb.tui.app import Workbench

_WIDTH = 56
_ANSWERS = (("no", "leave it"), ("yes", "run it, now and until it changes"))


def unallowed(resolved: Resolved) -> str:
    """Why nothing is known of this spec's layers: its code may not run yet. Empty where it may."""
    name = resolved.get("model.name")
    if consent.asks(name) is None:
        return ""
    return f"{name} is code that you have not allowed yet: training it asks, and shows its file"


async def settled(app: Workbench, resolved: Resolved, folder: Path | None = None) -> bool:
    """Whether the code that ``resolved`` names may run, asked where it is not known. For workers
    of Textual: it waits for the answer. ``folder`` is where the run begins, where that is not
    here."""
    name = resolved.get("model.name")
    source = consent.asks(name, folder)
    if source is None:
        return True
    # the whole of it must stand there: the window does not grow with what wraps
    path = [source.path[i : i + _WIDTH] for i in range(0, len(source.path), _WIDTH)]
    text = "\n".join((f"{name[:_WIDTH]} is code that may do all that you may do:", *path))
    if await app.push_screen_wait(Ask("Run code that a spec names", text, _ANSWERS)) != "yes":
        return False
    try:
        consent.allow(source)
    except UserError as error:
        app.complain(error)
        return False
    return True
