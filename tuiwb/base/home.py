"""Where this package is, for the processes that it starts."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

import tuiwb


def environment() -> dict[str, str]:
    """Ours, and the package's own place where it is not installed (a source checkout)."""
    env = dict(os.environ)
    home = str(Path(tuiwb.__file__).resolve().parent.parent)
    if home not in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        env["PYTHONPATH"] = os.pathsep.join(p for p in (home, env.get("PYTHONPATH")) if p)
    return env
