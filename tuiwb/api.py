"""The Python side of the workbench: read and steer a run from a script or a notebook.

Reached as ``tuiwb.open_run`` and ``tuiwb.control``. Loads neither torch nor textual.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuiwb.client.control import Control
    from tuiwb.run.view import RunView


def open_run(run: str | Path) -> RunView:
    """The run at a folder (or with an id in the default place), read to its end as it is now.

    A live run may be opened again and again; each view is a snapshot. Raises `UserError` where
    there is no run, or one that this version cannot read.
    """
    from tuiwb.run.reader import RunReader

    with RunReader(_path(run)) as reader:
        return reader.poll(budget_s=None)


def control(run: str | Path, timeout: float = 30.0) -> Control:
    """A run in hand: ``pause()``, ``set(lr=0.01)``, ``evaluate()``, ``stop()`` and more, each of
    which waits at most ``timeout`` seconds for the answer and returns it."""
    from tuiwb.client.control import Control

    return Control(_path(run), timeout)


def _path(run: str | Path) -> Path:
    from tuiwb.client.runs import find, runs_dir

    path = Path(run).expanduser()
    return path if path.exists() else find(runs_dir(), str(run))
