"""A sweep whose controller is killed is gone on with: nothing twice or lost, the same best."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.engine.recorder import trained
from tuiwb.client.warm import Warm
from tuiwb.run.journal import events
from tuiwb.run.layout import RunPaths
from tuiwb.run.meta import read_meta
from tuiwb.run.reader import RunReader
from tuiwb.search.conduct import Conducted
from tuiwb.search.ledger import read_ledger
from tuiwb.search.places import SweepPaths, create
from tuiwb.search.runner import Seen
from tuiwb.search.sweep import Sweep

ROOT = Path(__file__).resolve().parents[2]
TRIALS, STEPS, JOBS = 40, 4, 2
SWEEP = Sweep(
    "logreg-cancer", ("optim.lr=log:1e-4:1", "regularize.l2=float:0:0.1"), TRIALS,
    (f"train.steps={STEPS}", "train.eval_every=2", "train.device=cpu", "probe.budget=0"),
    "random", seed=7, jobs=JOBS,
)  # fmt: skip


CONTROLLER = """
import sys
from pathlib import Path
from tuiwb.client.warm import Warm
from tuiwb.search.conduct import Conducted
from tuiwb.search.places import SweepPaths
from tuiwb.search.samplers import load_optuna
load_optuna()
with Warm() as warm:
    warm.prepare()
    sys.stdin.readline()
    with Conducted(SweepPaths(Path(sys.argv[1])), standby=warm) as controller:
        controller.run()
"""
"""A process that goes on with a sweep when it is told to: by then it is warm."""


def controller(paths: SweepPaths) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CONTROLLER, str(paths.root)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        text=True,
    )


def killed(paths: SweepPaths, process: subprocess.Popen[str], many: int) -> None:
    """Let a controller go on until so many trials are asked for."""
    assert process.stdin is not None
    process.stdin.write("go on\n")
    process.stdin.flush()
    give_up = time.monotonic() + 240
    while asked(paths) < many:
        assert process.poll() is None and time.monotonic() < give_up
        time.sleep(0.02)
    process.kill()
    process.wait()
    process.stdin.close()
    assert read_ledger(paths).state == "killed"


def asked(paths: SweepPaths) -> int:
    return sum(event["kind"] == "asked" for event in events(paths.journal))


class AtOnce:
    """A runner without runs: the engine trains each trial where it is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[int, Seen] = {}

    def adopt(self, number: int) -> bool:
        return False

    def ready(self) -> bool:
        return True

    def launch(self, trials: Sequence[tuple[int, Sequence[str]]]) -> None:
        for number, settings in trials:
            place = self._folder / str(number)
            _, sink, _ = trained(place, SWEEP.preset, *SWEEP.set, *settings)
            values = [(step, found["val_loss"]) for step, found, _ in sink.evaluations]
            last = values[-1][1]
            self._seen[number] = Seen("finished", STEPS, 0.0, values, ("val_loss",), last)

    def look(self, number: int) -> Seen:
        return self._seen[number]

    def stop(self, number: int, why: str) -> None:
        raise AssertionError(why)

    def resume(self, number: int) -> None:
        raise AssertionError(f"trial {number} was over")

    def forget(self, number: int) -> None:
        del self._seen[number]


@pytest.mark.slow
def test_a_controller_killed_twice_trains_each_trial_once(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    paths = create(runs, SWEEP, "killed")
    lives = [(controller(paths), many) for many in (6, 21)]
    unbroken = create(runs, SWEEP, "unbroken")
    with Warm() as warm:
        warm.start()
        with Conducted(unbroken, runner=AtOnce(tmp_path)) as conducts:
            conducts.run(look=0.0)
        for process, many in lives:
            killed(paths, process, many)
        with Conducted(paths, standby=warm) as conducts:
            conducts.run(look=0.02)
    found, whole = read_ledger(paths), read_ledger(unbroken)
    assert [record.number for record in found.trials] == list(range(1, TRIALS + 1))
    assert found.state == whole.state == "finished"
    assert {record.state for record in found.trials} == {"complete"}
    counted = Counter((event["kind"], event.get("trial")) for event in events(paths.journal))
    assert all(
        counted[kind, number] == 1 for kind in ("asked", "ended") for number in range(1, TRIALS + 1)
    )
    # a run each, trained once: no second life but of one whose first was cut off
    trials = [meta["sweep"]["trial"] for meta in map(_meta, runs.glob("killed-*"))]
    assert sorted(trials) == list(range(1, TRIALS + 1))
    for record in found.trials:
        with RunReader(paths.run(record.number)) as reader:
            view = reader.poll(None)
        lives = sum(event["kind"] == "resumed" for event in view.events)
        # a worker that was late only is asked to go on, and has no second life
        assert lives == record.resumed <= counted["resumed", record.number]
        assert view.status.state == "finished"
        steps = view.table("steps").read(0, 100)["step"].tolist()
        assert steps == list(range(1, STEPS + 1))
    assert [r.settings for r in found.trials] == [r.settings for r in whole.trials]
    assert [r.value for r in found.trials] == [r.value for r in whole.trials]
    assert found.best is not None and whole.best is not None
    assert (found.best.number, found.best.value) == (whole.best.number, whole.best.value)


def _meta(path: Path) -> dict[str, dict[str, int]]:
    return read_meta(RunPaths(path))[0]
