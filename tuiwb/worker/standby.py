"""The warm standby: torch is imported, and the process waits to describe or to train.

It reads one JSON object a line from standard input and answers one a line. ``{"describe": TOML}``
answers ``{"ok": {...}}`` or ``{"error": {...}}``; ``{"run": PATH}`` answers ``{"ok": {"pid": N}}``
and from then on this process is that run's worker; a list of paths is trained as a population.
``{"fork": PATH}`` answers the same of a child that is; this process waits on, or answers an error
where a fork would not be sound. When the other end closes first, it ends.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import sys
from pathlib import Path
from typing import Any

from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.doctor.examine import rules
from tuiwb.run.layout import RunPaths
from tuiwb.spec import from_toml

NEEDED = (
    "sklearn.datasets",
    "sklearn.model_selection",
    "torch._dynamo",  # a second of imports, which the first optimiser of a process asks for
    "tuiwb.engine.describe",
    "tuiwb.engine.loop",
    "tuiwb.worker.forking",
    "tuiwb.worker.heartbeat",
    "tuiwb.worker.sink",
    "tuiwb.worker.work",
)
"""All that a run needs and that takes time to load: it is there before a run is asked for."""


def stand_by() -> int:
    """Serve requests until the client goes or a run is handed over."""
    for module in NEEDED:
        if _alone():
            return 0
        importlib.import_module(module)
    rules()
    _answer({"ready": True})
    for line in sys.stdin:
        try:
            request = json.loads(line)
        except ValueError:
            _answer({"error": UserError("not a JSON object", found=line[:80]).as_dict()})
            continue
        if "run" in request:
            _answer({"ok": {"pid": os.getpid()}})
            return _become(_runs(request["run"]))
        if "fork" in request:
            if _forked(_runs(request["fork"])):
                return _become(_runs(request["fork"]))
            continue
        _answer(_described(str(request.get("describe", ""))))
    return 0


def describe_once(text: str) -> int:
    """``--describe``: a spec's TOML in, one JSON object out."""
    answer = _described(text)
    _answer(answer)
    return int(answer["error"]["exit_code"]) if "error" in answer else 0


def _described(text: str) -> dict[str, Any]:
    from tuiwb.engine.describe import describe

    try:
        return {"ok": describe(from_toml(text, "spec").spec)}
    except UserError as error:
        return {"error": error.as_dict()}
    except Exception as error:
        failed = WorkerFailed(f"cannot describe this spec: {type(error).__name__}: {error}")
        return {"error": failed.as_dict()}


def _runs(asked: object) -> list[str]:
    return [str(one) for one in asked] if isinstance(asked, list) else [str(asked)]


def _forked(runs: list[str]) -> bool:
    """Fork a worker, or answer why not; true in the worker."""
    from tuiwb.worker import forking

    if reason := forking.obstacle():
        _answer({"error": UserError("no worker is forked here", found=reason).as_dict()})
        return False
    child = forking.fork(runs)
    if child:
        _answer({"ok": {"pid": child}})
    return not child


def _become(runs: list[str]) -> int:
    """Take the run's log for output (the first's of several), nothing for input, and train."""
    from tuiwb.worker.population import train_together
    from tuiwb.worker.work import work

    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    log = os.open(RunPaths(Path(runs[0])).log, flags, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    return work(runs[0]) if len(runs) == 1 else train_together(runs)


def _alone() -> bool:
    """Whether the client has gone already: its end of the pipe is closed."""
    poll = select.poll()
    poll.register(0, 0)
    return any(event & select.POLLHUP for _, event in poll.poll(0))


def _answer(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)
