"""Commands that train, from outside: what comes on stdout, what on stderr, how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import ROOT, Tuiwb
from tuiwb.api import open_run
from tuiwb.engine.device import processor

KEYS = {
    "run", "path", "preset", "state", "steps", "seconds", "steps_per_s", "samples_per_s",
    "unit", "device", "memory", "device_memory", "metrics", "expect", "findings",
    "studies", "parent", "tags", "notes",
}  # fmt: skip
SHORT = ("-s", "train.steps=40", "-s", "train.eval_every=20", "--device", "cpu")
LONG = ("-s", "train.steps=1000000", "-s", "train.eval_every=0", "--device", "cpu")
GIVE_UP = 60.0


def until(happened: Callable[[], bool]) -> None:
    give_up = time.monotonic() + GIVE_UP
    while not happened():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.05)


def trains(path: Path) -> bool:
    return path.is_dir() and open_run(path).table("steps").rows > 1


@pytest.mark.slow
def test_run_ends_in_a_summary_and_two_plots(tuiwb: Tuiwb, tmp_path: Path) -> None:
    done = tuiwb("run", "mlp-digits", *SHORT, "--runs", tmp_path)
    assert done.returncode == 0, done.stderr
    for words in ("finished at step 40", "val_accuracy", "target >= ", "loss", "gradient"):
        assert words in done.stdout
    assert "starting" in done.stderr and "finished" in done.stderr
    assert f"on {processor()}, " in done.stdout and "of memory" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert "mlp-digits-0001" in tuiwb("ls", "--runs", tmp_path).stdout


@pytest.mark.slow
def test_a_detached_run_is_steered_and_stopped(tuiwb: Tuiwb, tmp_path: Path) -> None:
    done = tuiwb("run", "mlp-digits", *LONG, "--detach", "--json", "--runs", tmp_path)
    assert done.returncode == 0, done.stderr
    started = json.loads(done.stdout)
    assert set(started) == {"run", "path"}
    path = Path(started["path"])
    until(lambda: trains(path))
    assert " training " in tuiwb("ls", "--runs", tmp_path).stdout

    def ctl(*words: object) -> Any:
        answer = tuiwb("ctl", "mlp", *words, "--json", "--runs", tmp_path)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    held = ctl("pause")["step"]
    assert open_run(path).status.words == f"paused at step {held}"
    ctl("step", 3)
    refused = tuiwb("ctl", "mlp", "step", 0, "--runs", tmp_path)
    assert refused.returncode == 2
    until(lambda: open_run(path).status.words == f"paused at step {held + 3}")
    ctl("resume")
    refused = tuiwb("ctl", "mlp", "resume", "--runs", tmp_path)
    assert refused.returncode == 2 and "it is not paused" in refused.stderr
    refused = tuiwb("ctl", "mlp", "stop", 3, "--runs", tmp_path)
    assert refused.returncode == 2 and "stop takes nothing more" in refused.stderr
    told = tuiwb("ctl", "mlp", "stop", "--runs", tmp_path)
    assert told.returncode == 0, told.stderr
    assert "at step" in told.stdout
    until(lambda: open_run(path).status.state == "stopped")


def test_verify_refuses_before_it_trains_anything(command: Tuiwb, tmp_path: Path) -> None:
    done = command("verify", "logreg-cancer", "mlp-digit", "--runs", tmp_path / "runs")
    assert done.returncode == 2
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_what_only_the_worker_can_refuse_leaves_nothing_behind(
    command: Tuiwb, tmp_path: Path
) -> None:
    done = command("run", "mlp-digits", "--device", "cuda:99", "--runs", tmp_path / "runs")
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "there is no device 'cuda:99' here" in done.stderr
    assert "train.device" in done.stderr and "auto, " in done.stderr
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.slow
def test_a_shape_that_cannot_work(command: Tuiwb) -> None:
    done = command("describe", "cnn-digits", "-s", "model.kernel=31")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "the kernel is larger than the picture" in done.stderr
    assert "where:    model.kernel" in done.stderr


def test_describe(command: Tuiwb, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = {"name": "f1", "kind": "Linear", "output_shape": [10], "parameters": 650, "flops": 1280}
    facts = {"layers": [layer], "parameters": 650, "trainable": 650, "memory_bytes": 12_000}
    monkeypatch.setattr("tuiwb.client.describe.describe", lambda resolved: facts)
    assert json.loads(command("describe", "mlp-digits", "--json").stdout) == facts
    table = command("describe", "mlp-digits").stdout.splitlines()
    assert table[1].split() == ["f1", "Linear", "10", "650", "1.28k"]
    assert table[2] == "650 parameters, 650 of them trainable; about 12 kB of memory to train"


def test_info(command: Tuiwb) -> None:
    info = json.loads(command("info", "--json").stdout)
    assert info["torch"].startswith(info["versions"]["torch"].split("+")[0])
    assert info["devices"][-1]["device"] == "cpu"


@contextmanager
def watched(tmp_path: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """`tuiwb run` that follows a run which trains and would go on for long."""
    arguments = ["run", "mlp-digits", *LONG, "--name", "it", "--runs", str(tmp_path), *more]
    watcher = subprocess.Popen(
        [sys.executable, "-m", "tuiwb", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: trains(tmp_path / "it"))
        yield watcher, tmp_path / "it"
    finally:
        watcher.kill()
        watcher.communicate()


@pytest.mark.slow
def test_sigterm_stops_the_run_and_says_so(tmp_path: Path) -> None:
    with watched(tmp_path, "--json") as (watcher, path):
        watcher.terminate()
        out, err = watcher.communicate(timeout=GIVE_UP)
    assert watcher.returncode == 130
    assert "stopping the run" in err and "stopped at step" in err
    run = json.loads(out)
    assert set(run) == KEYS
    assert (run["run"], run["path"], run["state"]) == ("it", str(path), "stopped")
    assert set(run["expect"]) == {"metric", "target", "value", "met"}
    assert (run["unit"], run["device"]) == ("samples", processor())
    assert run["memory"] > 50_000_000 and run["device_memory"] is None
    assert run["samples_per_s"] > 0 and run["steps_per_s"] > 0 and run["seconds"] > 0


@pytest.mark.slow
def test_a_worker_that_is_killed_is_a_crash(tmp_path: Path) -> None:
    with watched(tmp_path) as (watcher, path):
        os.kill(json.loads((path / "worker.lock").read_text())["pid"], signal.SIGKILL)
        out, err = watcher.communicate(timeout=GIVE_UP)
    assert watcher.returncode == 4
    assert "crashed at step" in out
    assert "Traceback" not in err


@pytest.mark.slow
def test_verify_prints_what_was_promised_and_what_came(command: Tuiwb, tmp_path: Path) -> None:
    ours = (ROOT / "presets" / "tables" / "logreg-cancer.toml").read_text("utf-8").splitlines()
    for name, target in (("easy", 0.1), ("hard", 2.0)):
        changed = {"at_least": f"at_least = {target}", "steps": "steps = 20"}
        lines = (changed.get(line.split(" ")[0], line) for line in ours)
        (tmp_path / f"{name}.toml").write_text("\n".join(lines), "utf-8")
    files = (tmp_path / "easy.toml", tmp_path / "hard.toml")
    done = command("verify", *files, "--json", "--runs", tmp_path / "runs")
    assert done.returncode == 1, done.stderr
    verdict = json.loads(done.stdout)
    assert verdict["met"] is False
    easy, hard = verdict["presets"]
    for key in ("preset", "metric", "target", "value", "baseline", "steps", "seconds", "met"):
        assert key in easy
    assert (easy["steps"], easy["met"], hard["met"]) == (20, True, False)
    assert easy["value"] == hard["value"] >= easy["target"]
    assert ">= 2: NOT MET" in done.stderr
