"""Runs that several processes train: as one would, through kills, stops and errors."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import numpy as np
import psutil
import pytest

from tests.engine.recorder import trained
from tests.scenarios.helpers import until, view, worker
from tuiwb.client.commands import send, wait
from tuiwb.run.create import create
from tuiwb.run.layout import RunPaths
from tuiwb.run.world import World, keep_processes
from tuiwb.spec import resolve

pytestmark = pytest.mark.slow

STEPS = 2000
GPT = ("model.size=xs", "data.vocabulary=37", "data.tokens=2000", "data.context=16",
       "data.batch_size=8", "train.shard=on")  # fmt: skip
SHORT = ("train.eval_every=500", "train.checkpoint_every=50", f"train.steps={STEPS}")


def wait_for(launcher: Popen[bytes], what: str, happened: Callable[[], bool]) -> None:
    """Wait as long as the run lives: processes that load torch on a part of a core take their
    time."""
    until(what, lambda: launcher.poll() is not None or happened(), patience=300)
    assert happened(), what


def new_run(runs: Path, preset: str, *settings: str) -> RunPaths:
    return RunPaths(create(runs, resolve(preset, settings), world=World(2)))


def rank(launcher: int, number: int) -> psutil.Process | None:
    """The process that is this rank now."""
    for child in psutil.Process(launcher).children():
        try:
            if child.environ().get("RANK") == str(number):
                return child
        except psutil.Error:
            continue
    return None


def told(paths: RunPaths, kind: str) -> list[str]:
    """The texts of warnings, the states, ... of a run."""
    field = {"warning": "text", "state": "state"}[kind]
    return [str(event.get(field)) for event in view(paths).events if event["kind"] == kind]


def check_whole(paths: RunPaths, steps: int = STEPS) -> np.ndarray:
    """Every step is there once, in order; their losses."""
    table = view(paths).table("steps").tail(10 * STEPS)
    assert table["step"].tolist() == list(range(1, steps + 1))
    return np.asarray(table["loss"], float)


@pytest.mark.parametrize(
    ("preset", "settings", "steps", "kills"),
    [
        ("mlp-digits", (), STEPS, ((1, 1, 600), (0, 700, 1500))),
        ("gpt2-124m", GPT, 400, ((1, 50, 300),)),
    ],
)
def test_killed_at_any_step_it_ends_as_one_process_would(
    own_world: Path,
    tmp_path: Path,
    preset: str,
    settings: tuple[str, ...],
    steps: int,
    kills: tuple[tuple[int, int, int], ...],
) -> None:
    same = (*settings, "optim.name=sgd", "schedule.name=constant")
    paths = new_run(own_world / "runs", preset, *SHORT, *same, f"train.steps={steps}")
    draws = random.Random(7)
    with worker(paths) as launcher:
        for number, *between in kills:
            after = draws.randrange(*between)
            wait_for(
                launcher, f"step {after}", lambda after=after: view(paths).status.step >= after
            )
            if (victim := rank(launcher.pid, number)) is not None:
                victim.kill()
            killed = f"rank {number} was killed (SIGKILL)"
            wait_for(launcher, killed, lambda k=killed: k in "".join(told(paths, "warning")))
        assert launcher.wait() == 0
    losses = check_whole(paths, steps)
    assert view(paths).status.state == "finished"
    assert told(paths, "state").count("training") == len(kills) + 1
    few = ("train.steps=100", "train.eval_every=0", "probe.budget=0")
    alone = trained(tmp_path, preset, *few, *same)[1].losses
    np.testing.assert_allclose(losses[:100], alone, rtol=0, atol=1e-6)
    assert bool(view(paths).device.get("sharded")) == bool(settings)
    if settings:
        return  # ranks wait for each other within a step: what each needs by itself is not known
    costs = view(paths).table("ranks").tail(1000)["seconds"]
    assert costs.shape[1:] == (2,) and np.nanmin(costs) > 0
    assert (paths.ranks / "system-1.0000.npy").is_file()


def test_it_goes_on_with_another_number_of_processes(own_world: Path, tmp_path: Path) -> None:
    """By one, then by two, then by one: each step is there once, with the losses of one."""
    same = ("optim.name=sgd", "schedule.name=constant", "train.eval_every=0", "probe.budget=0")
    spec = resolve("mlp-digits", [*same, "train.steps=1000000"])  # more than there is time for
    paths = RunPaths(create(own_world / "runs", spec))
    reached = 0
    for count in (1, 2, 1):
        keep_processes(paths, count)
        with worker(paths) as process:
            least = reached + 100
            wait_for(process, f"step {least}", lambda least=least: view(paths).status.step >= least)
            assert (view(paths).device.get("processes") or 1) == count
            os.kill(process.pid, signal.SIGTERM)
            assert process.wait() == 0
        assert view(paths).status.state == "stopped"
        reached = view(paths).status.step
    losses = check_whole(paths, reached)
    alone = trained(tmp_path, "mlp-digits", *same, f"train.steps={reached}")[1].losses
    np.testing.assert_allclose(losses, alone, rtol=0, atol=1e-5)


def test_it_is_steered_stopped_by_a_signal_and_resumed(own_world: Path) -> None:
    paths = new_run(own_world / "runs", "mlp-digits", *SHORT)
    with worker(paths) as launcher:
        wait_for(launcher, "it trains", lambda: view(paths).status.step > 0)

        def ask(command: str, **args: object) -> int:
            answer = wait(paths.root, send(paths.root, command, args), 60)
            assert answer["accepted"], answer
            return int(answer["step"])

        paused = ask("pause")
        ask("set", **{"optim.lr": 0.002})
        ask("step", steps=3)
        wait_for(launcher, "three steps", lambda: view(paths).status.step == paused + 3)
        ask("resume")
        os.kill(launcher.pid, signal.SIGTERM)
        assert launcher.wait() == 0
    stopped = view(paths).status
    assert (stopped.state, "SIGTERM" in stopped.words) == ("stopped", True)
    assert paths.checkpoint(stopped.step).is_dir()
    with worker(paths) as launcher:
        assert launcher.wait() == 0
    check_whole(paths)
    lrs = view(paths).table("steps").tail(STEPS)["lr"]
    assert np.allclose(lrs[paused:], 0.002) and np.allclose(lrs[:paused], 0.001)


def test_an_error_of_any_rank_is_told_once_and_ends_the_run(
    own_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "brittle.py").write_text(
        "import math, os\n"
        "import torch\n"
        "class Net(torch.nn.Module):\n"
        "    def __init__(self, shape, outputs):\n"
        "        super().__init__()\n"
        "        self.net, self.calls = torch.nn.Linear(math.prod(shape), outputs), 0\n"
        "    def forward(self, x):\n"
        "        self.calls += 1\n"
        "        if os.environ.get('RANK') == '1' and self.calls > 20:\n"
        "            raise ValueError('it broke')\n"
        "        return self.net(x.flatten(1))\n"
    )
    monkeypatch.setenv("TUIWB_ALLOW", "brittle")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    monkeypatch.syspath_prepend(str(tmp_path))
    own = ("model.name=brittle:Net",)
    paths = new_run(own_world / "runs", "softmax-digits", *own)
    with worker(paths) as launcher:
        assert launcher.wait() == 4
    status = view(paths).status
    assert status.state == "failed" and "rank 1: ValueError: it broke" in status.words
    assert not told(paths, "warning") and status.error is not None
    assert "brittle.py" in status.error["where"]
