"""A stand-in for the worker: it speaks the same protocol and trains nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

FAKE = """
import json, os, sys, time
from pathlib import Path

mode, arguments = sys.argv[1], sys.argv[2:]


def answer(message):
    print(json.dumps(message), flush=True)


def described(text):
    if "seed = 13" in text:
        return {"error": {"what": "a shape that cannot work", "found": "7x7", "exit_code": 2}}
    return {"ok": {"parameters": 42, "layers": []}}


def work(path):
    from tuiwb.run.inbox import done, take
    from tuiwb.run.journal import Journal
    from tuiwb.run.layout import RunPaths
    from tuiwb.run.lock import WorkerLock
    from tuiwb.run.schema import dtype_steps
    from tuiwb.run.table import TableWriter
    import numpy as np

    paths = RunPaths(Path(path))
    with WorkerLock(paths.lock), Journal(paths.journal) as journal:
        journal.write("state", state="starting", doing="loading data")
        table = TableWriter(paths.tables, "steps", dtype_steps())
        journal.write("state", state="training")
        row = np.zeros(1, table.dtype)
        for step in range(1, 10**9):
            row["step"] = step
            table.append(row)
            if mode == "short" and step == 50:
                journal.write("state", step, state="finished")
                return
            if mode == "crash" and step == 50:
                print("about to go", flush=True)
                os.kill(os.getpid(), 9)
            for command in take(paths):
                if mode == "deaf":
                    continue
                known = command.command == "stop"
                journal.write("command", step, id=command.id, command=command.command,
                              args=command.args, by=command.by, accepted=known,
                              **({} if known else {"reason": "unknown command"}))
                done(command)
                if known:
                    journal.write("state", step, state="stopped", reason="asked by " + command.by)
                    return
            time.sleep(0.002)


if mode == "broken":
    sys.exit("ImportError: no torch here")
if mode == "silent":
    sys.exit(0)
if arguments == ["--describe"]:
    message = described(sys.stdin.read())
    answer(message)
    sys.exit(message.get("error", {}).get("exit_code", 0))
if arguments == ["--standby"]:
    print("warming up", file=sys.stderr, flush=True)
    answer({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        if "run" in request:
            if mode == "refuses":
                answer({"error": {"what": "not now"}})
                continue
            if mode == "dies":
                sys.exit("died at the hand-over")
            answer({"ok": {"pid": os.getpid()}})
            log = os.open(request["run"] + "/worker.log", os.O_WRONLY | os.O_APPEND)
            null = os.open(os.devnull, os.O_RDONLY)
            for source, target in ((null, 0), (log, 1), (log, 2)):
                os.dup2(source, target)
            if mode == "lost":
                sys.exit("lost after the hand-over")
            work(request["run"])
            sys.exit(0)
        if "fork" in request:
            if mode == "alone":
                answer({"error": {"what": "no worker is forked here"}})
                continue
            child = os.fork()
            if not child:
                os.setsid()
                work(request["fork"])
                os._exit(0)
            answer({"ok": {"pid": child}})
            continue
        if mode == "hangs up":
            sys.exit("ran out of memory")
        answer(described(request["describe"]))
    sys.exit(0)
work(arguments[0])
"""


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str], list[str]]:
    """The command line of a stand-in worker that behaves in a certain way."""
    script = tmp_path / "fake_worker.py"
    script.write_text(FAKE)
    return lambda mode: [sys.executable, str(script), mode]


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait for something to become true; a hang shows as a failure, not as a stuck suite."""

    def wait(condition: Callable[[], object]) -> None:
        give_up = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < give_up, "it never came true"
            time.sleep(0.01)

    return wait
