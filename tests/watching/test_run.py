"""The hand that the user holds: how runs begin, end, are asked and are read."""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import tuiwb
from tests.watching.helpers import (
    EVERY,
    STEPS,
    cross_entropy,
    errors,
    network,
    sgd,
    steps_of,
    train,
    whole,
)
from tuiwb.api import open_run
from tuiwb.client.commands import send, wait
from tuiwb.engine.telling import LATEST
from tuiwb.run.table import TableWriter
from tuiwb.watching.plain import plain, plain_hparams, plain_name

LOOP = """
import os, sys, time
import torch
from torch import nn
import tuiwb
model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
def steps(n):
    for _ in range(n):
        optimizer.zero_grad()
        loss = model(torch.ones(2, 4)).square().mean()
        loss.backward()
        optimizer.step()
        run.step(loss=loss)
"""


def script(folder: Path, text: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LOOP + text],
        capture_output=True, text=True, timeout=100, cwd=Path(tuiwb.__file__).parents[1],
        env={**os.environ, "TUIWB_RUNS": str(folder), "OMP_NUM_THREADS": "1", **environment},
    )  # fmt: skip


def test_an_error_of_the_users_is_journaled_and_raised_untouched(tmp_path: Path) -> None:
    error = ValueError("mine")
    with (
        pytest.raises(ValueError) as caught,
        tuiwb.watch(network(), runs=tmp_path, name="r") as run,
    ):
        run.step(loss=1.0)
        raise error
    assert caught.value is error
    view = open_run(tmp_path / "r")
    assert view.status.state == "failed" and len(steps_of(view)) == 1
    told = errors(view)[0]
    assert "the loop failed: ValueError: mine" in told["what"]
    assert "raise error" in told["traceback"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_a_loop_that_is_interrupted_has_stopped(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), tuiwb.watch(network(), runs=tmp_path, name="r") as run:
        run.step(loss=1.0)
        raise error
    view = open_run(tmp_path / "r")
    assert view.status.state == "stopped" and not errors(view)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("end", "state"),
    [("", "finished"), ("1 / 0", "failed"), ("raise KeyboardInterrupt", "stopped")],
)  # fmt: skip
def test_without_a_with_the_end_is_told_at_exit(tmp_path: Path, end: str, state: str) -> None:
    done = script(tmp_path, f"run = tuiwb.watch(model, optimizer, name='r')\nsteps(5)\n{end}\n")
    view = open_run(tmp_path / "r")
    assert view.status.state == state, done.stderr
    assert len(steps_of(view)) == 5
    if state == "failed":
        assert "ZeroDivisionError" in errors(view)[0]["traceback"]


@pytest.mark.slow
def test_a_killed_loop_is_a_crashed_run_with_every_row(tmp_path: Path) -> None:
    done = script(
        tmp_path,
        "run = tuiwb.watch(model, optimizer, name='r')\nsteps(50)\n"
        f"time.sleep({LATEST})\nsteps(1)\n"  # by now, whenever the last lot of rows was
        "os.kill(os.getpid(), 9)\n",
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    view = open_run(tmp_path / "r")
    assert view.status.state == "crashed"
    assert steps_of(view)["step"].tolist() == list(range(1, 52))


def test_closing_twice_and_telling_after_the_end(tmp_path: Path) -> None:
    run = tuiwb.watch(network(), runs=tmp_path, name="r")
    run.step(loss=1.0)
    run.close()
    run.close(ValueError("late"))
    run.step(loss=2.0)
    run.evaluate(loss=2.0)
    whole(open_run(tmp_path / "r"), 1)


def test_leaving_at_once_writes_a_finished_run(tmp_path: Path) -> None:
    with tuiwb.watch(network(), runs=tmp_path, name="r") as run:
        assert run.path == tmp_path / "r"
    assert open_run(tmp_path / "r").status.state == "finished"


@pytest.mark.slow
def test_nothing_is_left_open_or_running(tmp_path: Path) -> None:
    def held() -> tuple[int, int]:
        import gc
        import threading

        gc.collect()  # what other tests have left for it is not ours
        return len(os.listdir("/proc/self/fd")), threading.active_count()

    train(network(), sgd(m := network()), tmp_path, name="warm", steps=1)
    before = held()
    for i in range(3):
        m = network()
        train(m, sgd(m), tmp_path, name=f"r{i}", steps=3)
    assert held() == before


@pytest.mark.parametrize("place", ["file", "locked"])
def test_a_folder_that_cannot_be_written_is_one_warning(tmp_path: Path, place: str) -> None:
    folder = tmp_path / "not a folder" / "runs"
    if place == "file":
        folder.parent.write_text("")
    else:
        folder = Path("/proc/nowhere")
    model = network()
    optimizer = sgd(model)
    with pytest.warns(RuntimeWarning, match="cannot create a run") as caught:
        run = tuiwb.watch(model, optimizer, runs=folder)
        for i in range(3):
            cross_entropy(model, i).backward()
            optimizer.step()
            run.step(loss=1.0)
            run.evaluate(loss=1.0)
        run.close()
    assert len(caught) == 1 and run.path is None
    assert not model._forward_pre_hooks and not optimizer._optimizer_step_post_hooks


def test_a_full_disk_is_one_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full, append = [False], TableWriter.append

    def appending(self: TableWriter, rows: Any) -> None:
        if full[0]:
            raise OSError(28, "No space left on device")
        append(self, rows)

    monkeypatch.setattr(TableWriter, "append", appending)
    monkeypatch.setattr("tuiwb.engine.telling.LATEST", 0.0)  # each row by itself

    def fill(i: int, run: Any) -> None:
        full[0] = i >= 6
        time.sleep(0.03)

    model = network()
    with pytest.warns(RuntimeWarning, match="No space left") as caught:
        view = train(model, sgd(model), tmp_path, at=fill)
    assert len(caught) == 1
    assert view.status.state == "failed" and len(steps_of(view)) == 6


def test_warnings_that_are_errors_break_no_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = tuiwb.watch(network(), runs=tmp_path / "x" / "\0")
        run.step(loss=1.0)
        with tuiwb.watch(network(), runs=tmp_path, name="r") as run:
            run.step(loss=object())
    assert "the training goes on" in (err := capsys.readouterr().err) and "not a number" in err
    whole(open_run(tmp_path / "r"), 1)


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": 3},
        {"optimizer": [None]},
        {"budget": "much"},
        {"hparams": 7, "budget": object()},
    ],
)
def test_what_cannot_be_watched_is_said_and_leaves_a_failed_run(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    model = network()
    with pytest.warns(RuntimeWarning, match="the training goes on"):
        run = tuiwb.watch(model, runs=tmp_path, **options)
    run.step(loss=1.0)
    assert not model._forward_pre_hooks
    assert all(open_run(path).status.state == "failed" for path in tmp_path.iterdir())


def test_what_is_no_model(tmp_path: Path) -> None:
    with pytest.warns(RuntimeWarning, match="cannot watch a list"):
        tuiwb.watch([network()], runs=tmp_path)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_names_of_runs(tmp_path: Path) -> None:
    for name in ("my run", "my run", "../up/../and down", "精度", "x" * 300, ".hidden", "ünï"):
        with tuiwb.watch(network(), runs=tmp_path, name=name) as run:
            run.step(loss=1.0)
        assert run.path is not None and run.path.parent == tmp_path
        whole(open_run(run.path), 1)
    found = {path.name for path in tmp_path.iterdir()}
    assert {"my-run", "my-run-2", "hidden"} <= found and len(found) == 7
    assert not list(tmp_path.parent.glob("up*"))


def test_hyperparameters_of_every_kind(tmp_path: Path) -> None:
    given = {
        "lr": 0.1, "deep": {"a": {"b": {"c": {"d": {"e": 1}}}}}, ("k", 1): [1, "x", None, True],
        "nan": math.nan, "model": nn.Linear(2, 2), "x" * 500: "y" * 5000, "path": Path("a/b"),
        "array": np.float32(2.5), "big": 10**400,
    }  # fmt: skip
    with tuiwb.watch(network(), runs=tmp_path, name="r", hparams=given) as run:
        run.step(loss=1.0)
    view = open_run(tmp_path / "r")
    whole(view, 1)
    kept = view.meta["hparams"]
    assert kept["lr"] == 0.1 and kept["nan"] == "nan" and kept["('k', 1)"] == [1, "x", None, True]
    assert kept["deep"]["a"]["b"]["c"] == "{'d': {'e': 1}}"
    assert all(len(key) <= 100 for key in kept)

    with tuiwb.watch(network(), runs=tmp_path, name="n", hparams=argparse.Namespace(lr=3)) as run:
        run.step(loss=1.0)
    assert open_run(tmp_path / "n").meta["hparams"] == {"lr": 3}


def test_hyperparameters_that_are_hostile() -> None:
    class Odd:
        def __str__(self) -> str:
            raise RuntimeError

    loop: dict[str, Any] = {}
    loop["self"] = loop
    assert plain(Odd()) == "Odd"
    assert json.dumps(plain(loop))
    assert len(json.dumps(plain_hparams({str(i): "x" * 299 for i in range(9999)}))) < 200_000
    assert plain_hparams(7) == {"hparams": 7} and plain_hparams(None) == {}
    assert plain_name("") == "run" and plain_name("a/b") == "a-b"


def test_a_stop_is_passed_on_and_other_commands_are_refused(tmp_path: Path) -> None:
    model = network()
    optimizer = sgd(model)
    with tuiwb.watch(model, optimizer, runs=tmp_path, name="r") as run:
        asked = {name: send(tmp_path / "r", name, {}) for name in ("pause", "checkpoint", "set")}
        epoch = send(tmp_path / "r", "stop", {"when": "epoch"})
        noted, empty = (send(tmp_path / "r", "note", {"text": text}) for text in ("so far", " "))
        for i in range(1000):
            cross_entropy(model, i).backward()
            optimizer.step()
            run.step(loss=1.0)
            if i == 5:
                assert not run.stop_requested
                asked["stop"] = send(tmp_path / "r", "stop")
            if run.stop_requested:
                break
            time.sleep(0.01)
    assert run.stop_requested and i < 999
    for name, number in asked.items():
        answer = wait(tmp_path / "r", number, 5)
        assert answer["accepted"] is (name == "stop")
        assert name == "stop" or "can be asked to stop and to note" in answer["reason"]
    assert "epochs are not known" in wait(tmp_path / "r", epoch, 5)["reason"]
    assert wait(tmp_path / "r", noted, 5)["accepted"]
    assert "1 to 500" in wait(tmp_path / "r", empty, 5)["reason"]
    assert "so far" in [e.get("text") for e in open_run(tmp_path / "r").events if e["step"]]
    assert open_run(tmp_path / "r").status.state == "stopped"


def test_a_symptom_in_stop_on_asks_to_stop_and_no_row_is_lost(tmp_path: Path) -> None:
    model = network()
    optimizer = sgd(model)
    with (
        pytest.warns(RuntimeWarning, match="non-finite") as caught,
        tuiwb.watch(model, optimizer, runs=tmp_path, name="r", stop_on="non-finite") as run,
    ):
        for i in range(60):
            cross_entropy(model, i).backward()
            optimizer.step()
            run.step(loss=math.nan if i >= 20 else 1.0)
            run.evaluate(loss=float(i))
    assert run.stop_requested and len(caught) == 1
    view = open_run(tmp_path / "r")
    assert steps_of(view)["step"].tolist() == list(range(1, 61))
    assert view.table("evals").rows == 60
    assert view.status.state == "stopped" and [f["symptom"] for f in view.findings]


def test_an_unknown_symptom_in_stop_on_is_said(tmp_path: Path) -> None:
    with pytest.warns(RuntimeWarning, match="did you mean 'non-finite'"):
        run = tuiwb.watch(network(), runs=tmp_path, name="r", stop_on=["nonfinite"])
    run.step(loss=1.0)
    run.close()
    whole(open_run(tmp_path / "r"), 1)


def test_data_loaders_that_fork(tmp_path: Path) -> None:
    model = network()
    optimizer = sgd(model)
    data = torch.utils.data.TensorDataset(torch.randn(64, 8), torch.randint(2, (64,)))
    with tuiwb.watch(model, optimizer, runs=tmp_path, name="r", budget=EVERY) as run:
        for _ in range(2):
            loader = torch.utils.data.DataLoader(
                data, 16, num_workers=2, multiprocessing_context="fork"
            )
            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(model(x), y)
                loss.backward()
                optimizer.step()
                run.step(loss=loss)
    whole(open_run(tmp_path / "r"), 8)


@pytest.mark.slow
def test_a_forked_child_trains_unwatched_and_holds_no_lock(tmp_path: Path) -> None:
    done = script(
        tmp_path,
        "run = tuiwb.watch(model, optimizer, name='r', budget=1e6)\nsteps(5)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    steps(7)\n    run.evaluate(loss=9.0)\n    run.close()\n    time.sleep(60)\n"
        "time.sleep(0.5)\nsteps(3)\nrun.close()\n"
        "from tuiwb.api import open_run\n"
        "print(open_run(run.path).status.state)\n"
        "from tuiwb.run.lock import WorkerLock\n"
        "WorkerLock(run.path / 'worker.lock').acquire()\n"
        "os.kill(child, 9)\n",
    )
    assert done.stdout.strip() == "finished", done.stderr
    view = open_run(tmp_path / "r")
    whole(view, 8)
    assert "val_loss" not in view.metrics


@pytest.mark.slow
def test_other_ranks_write_nothing(tmp_path: Path) -> None:
    text = "run = tuiwb.watch(model, optimizer, name='r')\nsteps(3)\nprint(run.path)\n"
    assert script(tmp_path, text, RANK="1").stdout.strip() == "None"
    assert not (tmp_path / "r").exists()
    assert script(tmp_path, text, RANK="odd").stdout.strip() == str(tmp_path / "r")


@pytest.mark.slow
def test_two_processes_of_one_training(tmp_path: Path) -> None:
    text = f"""
torch.distributed.init_process_group(
    "gloo", init_method="file://{tmp_path}/meet", rank=int(sys.argv[1]), world_size=2)
model = nn.parallel.DistributedDataParallel(model)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
run = tuiwb.watch(model, optimizer, name="r", budget=1e6)
steps(6)
print(run.path)
run.close()
torch.distributed.destroy_process_group()
"""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", LOOP + text, str(rank)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=Path(tuiwb.__file__).parents[1],
            env={**os.environ, "TUIWB_RUNS": str(tmp_path / "runs"), "OMP_NUM_THREADS": "1"},
        )
        for rank in range(2)
    ]  # fmt: skip
    out = [process.communicate(timeout=100) for process in processes]
    assert [o.strip() for o, _ in out] == [str(tmp_path / "runs" / "r"), "None"], out
    view = open_run(tmp_path / "runs" / "r")
    whole(view, 6)
    assert [layer.name for layer in view.layers] == ["0", "1", "2"]
    assert np.isfinite(view.table("layers").tail(1)["grad_norm"][0][[0, 2]]).all()
    assert len(list((tmp_path / "runs").iterdir())) == 1


@pytest.mark.slow
def test_two_ways_of_reading_are_at_ease_without_a_spec(tmp_path: Path) -> None:
    model = network()
    view = train(model, sgd(model), tmp_path, at=lambda i, run: run.evaluate(loss=1.0, f1=0.5))
    whole(view, STEPS)
    assert not view.problems and view.status.steps is None and view.spec is None
    assert view.preset == "sequential"
    for arguments in (["ls"], ["show", "r"], ["doctor", "r"], ["show", "r", "--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "tuiwb", *arguments, "--runs", str(tmp_path)],
            capture_output=True, text=True, timeout=60, cwd=Path(tuiwb.__file__).parents[1],
        )  # fmt: skip
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        assert "spec.toml" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
