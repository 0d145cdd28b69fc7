"""All runs of a folder: newest first, each as it is, however odd its neighbours are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from tuiwb.base.clock import FrozenClock
from tuiwb.run.create import create
from tuiwb.run.journal import Journal
from tuiwb.run.kept import Runs, RunSummary, kept, pack
from tuiwb.run.layout import RunPaths
from tuiwb.run.lineage import tree
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


def test_what_is_kept_of_a_run_is_all_of_it(tmp_path: Path) -> None:
    one = RunSummary(
        "b", "finished", "mlp", 5, 9, 2.0, 3.0, 0.5, "words", "u", "a", "v", 3, ("tag",), "note",
        inode=1, lock=2, size=3, changed=4, touched=5, place=str(tmp_path),
    )  # fmt: skip
    other = RunSummary("a", "training", "mlp", uid="v", place=str(tmp_path))
    runs = Runs([pack(one), other])
    assert runs == [one, other] and runs[0].path == tmp_path / "b"
    assert runs[:1] == [one] and list(runs) == [one, other] and len(runs) == 2
    assert [(k.name, k.live, k.forked) for k in kept(runs)] == [
        ("b", False, True),
        ("a", True, False),
    ]
    assert [twig.stem for twig in tree(runs)] == ["", "└─"]
    assert [twig.run for twig in tree(runs)[:]] == [other, one]


def test_a_list_of_runs_needs_no_numpy(tmp_path: Path) -> None:
    paths = make(tmp_path, "one", 100.0)
    with TableWriter(paths.tables, "steps", dtype_steps(("part",))) as table:
        rows = np.zeros(2, table.dtype)
        rows["step"], rows["loss"] = (7, 8), (0.25, 0.125)
        table.append(rows)
    script = (
        "import sys; sys.modules['numpy'] = None\n"
        "from pathlib import Path; from tuiwb.run.listing import list_runs\n"
        "print([(run.step, run.loss) for run in list_runs(Path(sys.argv[1]))])"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True)
    assert done.stdout == "[(8, 0.125)]\n", done.stderr
