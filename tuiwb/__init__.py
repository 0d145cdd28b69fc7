"""tuiwb: a training workbench in the terminal.

The run directory is the whole interface: the training wing writes it, the reading wing reads it,
and neither imports the other. Each folder's ``__init__`` says what lives there.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`open_run`, `control` and `watch` on demand: ``import tuiwb``, which every room does, loads
    nothing more."""
    if name in ("open_run", "control"):
        return getattr(import_module("tuiwb.api"), name)
    if name == "watch":
        return import_module("tuiwb.watching.run").watch
    raise AttributeError(f"module 'tuiwb' has no attribute {name!r}")
