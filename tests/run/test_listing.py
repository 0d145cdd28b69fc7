"""All runs of a folder: newest first, each as it is, however odd its neighbours are."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from tuiwb.base.clock import FrozenClock
from tuiwb.run.create import create
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.listing import list_runs
from tuiwb.run.lock import WorkerLock
from tuiwb.run.reader import RunReader
from tuiwb.run.schema import dtype_steps
from tuiwb.run.table import TableWriter
from tuiwb.spec import resolve


def make(runs: Path, name: str, created: float) -> RunPaths:
    paths = RunPaths(create(runs, resolve("mlp-digits"), name=name))
    meta = json.loads(paths.meta.read_text()) | {"created": created}
    paths.meta.write_text(json.dumps(meta))
    return paths


def test_newest_first_with_state_step_and_loss(tmp_path: Path) -> None:
    old, new = make(tmp_path, "old", 100.0), make(tmp_path, "new", 200.0)
    with TableWriter(old.tables, "steps", dtype_steps()) as table:
        rows = np.zeros(5, table.dtype)
        rows["step"], rows["loss"] = range(1, 6), 0.25
        table.append(rows)
    with Journal(old.journal, FrozenClock(150.0)) as journal:
        journal.write("state", state="training")
        for step in range(2000):
            journal.write("note", step, text="x" * 100)  # the state is far from the tail
    with WorkerLock(new.lock):
        first, second = list_runs(tmp_path, FrozenClock(1000.0))
    assert (first.id, first.state, first.step, first.loss) == ("new", "starting", 0, None)
    assert (second.id, second.state, second.step, second.loss) == ("old", "crashed", 5, 0.25)
    assert second.words == "crashed at step 5"
    assert (second.preset, second.started, second.path) == ("mlp-digits", 100.0, old.root)
    status = RunReader(old.root, FrozenClock(1000.0)).poll(None).status
    assert (status.state, status.step, status.steps) == (second.state, second.step, second.steps)


def test_odd_folders_do_not_matter(tmp_path: Path) -> None:
    make(tmp_path, "good", 1.0)
    newer = make(tmp_path, "newer", 2.0)
    newer.meta.write_text('{"format": 99, "created": 2.0}')
    (tmp_path / ".new-abc").mkdir()
    (tmp_path / "photos").mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "good")
    (tmp_path / "junk").mkdir()
    (tmp_path / "junk" / "meta.json").write_bytes(b"\xff" * 100)
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "journal.jsonl")
    listed = {run.id: run.state for run in list_runs(tmp_path, FrozenClock(1e6))}
    assert listed["good"] == "crashed" and listed["newer"] == "unreadable"
    assert not listed.keys() & {".new-abc", "photos", "file", "link"}
    assert list_runs(tmp_path / "nowhere") == []
