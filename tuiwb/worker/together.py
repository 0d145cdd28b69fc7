"""``--ensemble``: finished runs evaluated as one. A JSON list of folders in, an object out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.run import checkpoints
from tuiwb.run.layout import RunPaths
from tuiwb.run.reader import RunReader

if TYPE_CHECKING:
    from tuiwb.engine.ensemble import Member


def ensemble_once(text: str) -> int:
    """Answer ``{"ok": {...}}`` or ``{"error": {...}}`` on stdout; returns the exit status."""
    from tuiwb.engine.ensemble import ensemble

    try:
        answer = {"ok": ensemble(_members([Path(folder) for folder in json.loads(text)]))}
    except UserError as error:
        answer = {"error": error.as_dict()}
    except Exception as error:
        failed = WorkerFailed(f"cannot evaluate these runs: {type(error).__name__}: {error}")
        answer = {"error": failed.as_dict()}
    print(json.dumps(answer), flush=True)
    return int(answer["error"]["exit_code"]) if "error" in answer else 0


def _members(folders: Sequence[Path]) -> Iterator[Member]:
    """The runs, one at a time: the process goes to the folder that each was started in, so that
    paths of data mean what they meant."""
    from tuiwb.engine.ensemble import Member

    for folder in [folder.absolute() for folder in folders]:
        paths = RunPaths(folder)
        with RunReader(folder) as reader:
            view = reader.poll(None)
        if view.spec is None:
            raise UserError(f"{folder.name} has no spec that can be read", where=str(paths.spec))
        home = view.meta.get("folder")
        if isinstance(home, str) and Path(home).is_dir():
            os.chdir(home)
        newest = paths.checkpoint(max(checkpoints.steps(paths)))
        fingerprint = str(view.data.get("fingerprint"))
        yield Member(folder.name, view.spec.spec, newest, fingerprint)
