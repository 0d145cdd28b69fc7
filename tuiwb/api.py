"""The Python side of the workbench: read a run from a script or a notebook.

Reached as ``tuiwb.open_run``. Loads neither torch nor textual.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuiwb.run.view import RunView


def open_run(run: str | Path) -> RunView:
    """The run at a folder (or with an id in the default place), read to its end as it is now.

    A live run may be opened again and again; each view is a snapshot. Raises `UserError` where
    there is no run, or one that this version cannot read.
    """
    from tuiwb.client.runs import find, runs_dir
    from tuiwb.run.reader import RunReader

    path = Path(run).expanduser()
    with RunReader(path if path.exists() else find(runs_dir(), str(run))) as reader:
        return reader.poll(budget_s=None)
