"""A sweep whose controller is killed is gone on with: nothing twice or lost, the same best."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tuiwb.run.journal import events
from tuiwb.run.layout import RunPaths
from tuiwb.run.meta import read_meta
from tuiwb.run.reader import RunReader
from tuiwb.search.ledger import SweepView, read_ledger
from tuiwb.search.places import FOLDER, SweepPaths

ROOT = Path(__file__).resolve().parents[2]
TRIALS = 40
ASKED = (
    "logreg-cancer", "--space", "optim.lr=log:1e-4:1", "--space", "regularize.l2=float:0:0.1",
    "-s", "train.steps=20", "-s", "train.eval_every=10", "-s", "train.device=cpu",
    "--sampler", "random", "--seed", "7", "--trials", str(TRIALS), "--jobs", "2",
)  # fmt: skip


def started(runs: Path, name: str) -> subprocess.Popen[bytes]:
    """The same line each time: the first begins the sweep, the others go on with it."""
    return subprocess.Popen(
        [sys.executable, "-m", "tuiwb", "sweep", *ASKED, "--name", name, "--runs", str(runs)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def asked(paths: SweepPaths) -> int:
    return sum(event["kind"] == "asked" for event in events(paths.journal))


def finished(runs: Path, name: str) -> SweepView:
    assert started(runs, name).wait(300) == 0
    return read_ledger(SweepPaths(runs / FOLDER / name))


@pytest.mark.slow
def test_a_controller_killed_twice_trains_each_trial_once(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    paths = SweepPaths(runs / FOLDER / "killed")
    for many in (6, 21):
        controller = started(runs, "killed")
        give_up = time.monotonic() + 240
        while asked(paths) < many:
            assert controller.poll() is None and time.monotonic() < give_up
            time.sleep(0.02)
        os.kill(controller.pid, signal.SIGKILL)
        controller.wait()
        assert read_ledger(paths).state == "killed"
    killed, whole = finished(runs, "killed"), finished(runs, "whole")
    assert [record.number for record in killed.trials] == list(range(1, TRIALS + 1))
    assert killed.state == whole.state == "finished"
    assert {record.state for record in killed.trials} == {"complete"}
    counted = Counter((event["kind"], event.get("trial")) for event in events(paths.journal))
    assert all(
        counted[kind, number] == 1 for kind in ("asked", "ended") for number in range(1, TRIALS + 1)
    )
    # a run each, trained once: no second life but of one whose first was cut off
    trials = [meta["sweep"]["trial"] for meta in map(_meta, runs.glob("killed-*"))]
    assert sorted(trials) == list(range(1, TRIALS + 1))
    for record in killed.trials:
        with RunReader(paths.run(record.number)) as reader:
            view = reader.poll(None)
        lives = sum(event["kind"] == "resumed" for event in view.events)
        assert view.status.state == "finished" and lives == record.resumed
        steps = view.table("steps").read(0, 100)["step"].tolist()
        assert steps == list(range(1, 21))
    assert [r.settings for r in killed.trials] == [r.settings for r in whole.trials]
    assert [r.value for r in killed.trials] == [r.value for r in whole.trials]
    assert killed.best is not None and whole.best is not None
    assert (killed.best.number, killed.best.value) == (whole.best.number, whole.best.value)


def _meta(path: Path) -> dict[str, dict[str, int]]:
    return read_meta(RunPaths(path))[0]
