"""The last resort: a worker that hears nothing is ended, and nobody else is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tui.recorder import Recorder
from tuiwb.base.errors import UserError
from tuiwb.client.kill import kill
from tuiwb.run.create import create
from tuiwb.run.layout import RunPaths
from tuiwb.run.reader import RunReader
from tuiwb.spec import resolve

DEAF = """
import signal, sys, time
from pathlib import Path
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import WorkerLock
signal.signal(signal.SIGTERM, signal.SIG_IGN)
WorkerLock(RunPaths(Path(sys.argv[1])).lock).acquire()
print("held", flush=True)
time.sleep(600)
"""


def test_a_deaf_worker_is_killed_and_its_run_can_be_resumed(tmp_path: Path) -> None:
    path = create(tmp_path, resolve("mlp-digits"))
    with subprocess.Popen(
        [sys.executable, "-c", DEAF, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        assert kill(path) == process.pid
        assert process.wait(60) == -9
    with RunReader(path) as reader:
        assert reader.poll(None).status.state == "crashed"
    with pytest.raises(UserError, match="no worker that could be killed"):
        kill(path)


def test_a_worker_on_another_machine_is_told_with_the_line_to_type(tmp_path: Path) -> None:
    made = Recorder(tmp_path, "it").start()
    lock = RunPaths(made.paths.root).lock
    made.release()
    told = {"pid": os.getpid(), "boot_id": "x", "started": 1.0, "host": "elsewhere"}
    lock.write_text(json.dumps(told))
    with pytest.raises(UserError, match="not known to run on this machine") as caught:
        kill(made.paths.root)
    # this very process has the number that the lock names
    assert caught.value.next == f"on elsewhere: kill -9 {os.getpid()}"
