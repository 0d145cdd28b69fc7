"""Commands that train, from outside: what comes on stdout, what on stderr, how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Tuiwb
from tuiwb.api import open_run

KEYS = {
    "run", "path", "preset", "state", "steps", "seconds", "steps_per_s", "samples_per_s",
    "metrics", "expect", "findings",
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
    return path.is_dir() and open_run(path).table("steps").rows > 0


def test_run_ends_in_a_summary_and_two_plots(tuiwb: Tuiwb, tmp_path: Path) -> None:
    done = tuiwb("run", "mlp-digits", *SHORT, "--runs", tmp_path)
    assert done.returncode == 0, done.stderr
    for words in ("finished at step 40", "val_accuracy", "target >= ", "loss", "gradient"):
        assert words in done.stdout
    assert "starting" in done.stderr and "finished" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert "mlp-digits-0001" in tuiwb("ls", "--runs", tmp_path).stdout


def test_run_as_json_is_one_object(tuiwb: Tuiwb, tmp_path: Path) -> None:
    done = tuiwb("run", "mlp-digits", *SHORT, "--json", "--name", "mine", "--runs", tmp_path)
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    assert set(run) == KEYS
    assert (run["run"], run["path"]) == ("mine", str(tmp_path / "mine"))
    assert (run["preset"], run["state"], run["steps"]) == ("mlp-digits", "finished", 40)
    assert set(run["expect"]) == {"metric", "target", "value", "met"}
    assert run["metrics"]["val_accuracy"] == run["expect"]["value"]
    assert run["samples_per_s"] > 0 and run["steps_per_s"] > 0 and run["seconds"] > 0
    assert isinstance(run["findings"], list)


def test_a_detached_run_is_steered_and_stopped(tuiwb: Tuiwb, tmp_path: Path) -> None:
    done = tuiwb("run", "mlp-digits", *LONG, "--detach", "--json", "--runs", tmp_path)
    assert done.returncode == 0, done.stderr
    started = json.loads(done.stdout)
    assert set(started) == {"run", "path"}
    path = Path(started["path"])
    until(lambda: trains(path))
    assert " training " in tuiwb("ls", "--runs", tmp_path).stdout
    told = tuiwb("ctl", "mlp", "stop", "--runs", tmp_path)
    assert told.returncode == 0, told.stderr
    assert "at step" in told.stdout
    until(lambda: open_run(path).status.state == "stopped")


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        (["mlp-digits", "--device", "cuda:99"], "train.device"),
        (["cnn-digits", "-s", "model.kernel=31"], "model.kernel"),
    ],
)
def test_what_only_the_worker_can_refuse_leaves_nothing_behind(
    settings: list[str], where: str, tuiwb: Tuiwb, tmp_path: Path
) -> None:
    done = tuiwb("run", *settings, "--runs", tmp_path / "runs")
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert where in done.stderr and "found:" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_says_how(ending: signal.Signals, tmp_path: Path) -> None:
    """SIGTERM to the watcher stops the run and is said; SIGKILL to the worker is a crash."""
    path = tmp_path / "it"
    command = ["run", "mlp-digits", *LONG, "--name", "it", "--runs", str(tmp_path)]
    watcher = subprocess.Popen(
        [sys.executable, "-m", "tuiwb", *command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: trains(path))
    if ending is signal.SIGTERM:
        watcher.terminate()
    else:
        os.kill(json.loads((path / "worker.lock").read_text())["pid"], signal.SIGKILL)
    out, err = watcher.communicate(timeout=GIVE_UP)
    assert "Traceback" not in err
    if ending is signal.SIGTERM:
        assert watcher.returncode == 130
        assert "stopping the run" in err
        assert "stopped at step" in out
    else:
        assert watcher.returncode == 4
        assert "crashed at step" in out


def test_verify_prints_what_was_promised_and_what_came(tuiwb: Tuiwb, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    ours = (ROOT / "presets" / "tables" / "logreg-cancer.toml").read_text("utf-8")
    mine.write_text(
        "\n".join(
            {"at_least": "at_least = 2.0", "steps": "steps = 20"}.get(line.split(" ")[0], line)
            for line in ours.splitlines()
        ),
        "utf-8",
    )
    done = tuiwb("verify", "logreg-cancer", "--json", "--runs", tmp_path / "runs")
    assert done.returncode == 0, done.stderr
    verdict = json.loads(done.stdout)
    assert verdict["met"] is True
    (row,) = verdict["presets"]
    assert row["value"] >= row["target"]
    assert {"preset", "metric", "target", "value", "baseline", "steps", "seconds", "met"} <= set(
        row
    )
    missed = tuiwb("verify", mine, "--runs", tmp_path / "runs")
    assert missed.returncode == 1, missed.stderr
    assert ">= 2" in missed.stdout and "NO" in missed.stdout


def test_verify_refuses_before_it_trains_anything(tuiwb: Tuiwb, tmp_path: Path) -> None:
    done = tuiwb("verify", "logreg-cancer", "mlp-digit", "--runs", tmp_path / "runs")
    assert done.returncode == 2
    assert not (tmp_path / "runs").exists()


def test_describe_and_info(tuiwb: Tuiwb) -> None:
    done = tuiwb("describe", "mlp-digits", "-s", "model.hidden=[32]", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert {"layers", "parameters", "trainable", "memory_bytes"} <= set(facts)
    keys = {"name", "kind", "output_shape", "parameters", "flops"}
    assert all(set(layer) == keys for layer in facts["layers"])
    assert facts["parameters"] == 64 * 32 + 32 + 32 * 10 + 10
    info = json.loads(tuiwb("info", "--json").stdout)
    assert info["torch"].startswith(info["versions"]["torch"].split("+")[0])
    assert info["devices"][-1]["device"] == "cpu"
