"""The worker dies, the terminal goes, the disk fills: nothing that was emitted is lost."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.scenarios.helpers import LONG, end_worker_of, new_run, steps, until, view, whole_rows
from tests.scenarios.helpers import worker as a_worker
from tuiwb.client.commands import send, wait
from tuiwb.run.layout import RunPaths
from tuiwb.run.listing import list_runs


@pytest.mark.slow
def test_a_killed_worker_leaves_every_row_and_is_called_crashed(tmp_path: Path) -> None:
    paths = new_run(tmp_path, "mlp-digits", *LONG)
    with a_worker(paths) as process:
        until("200 steps", lambda: steps(paths) >= 200)
        seen = steps(paths)
        process.send_signal(signal.SIGKILL)
        process.wait()
    rows = whole_rows(paths)
    assert len(rows) >= seen
    assert np.array_equal(rows, np.arange(1, len(rows) + 1))
    status = view(paths).status
    assert status.state == "crashed"
    assert status.words.startswith(f"crashed at step {len(rows)}")
    assert list_runs(tmp_path)[0].words.startswith(f"crashed at step {len(rows)}")


@pytest.mark.slow
@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGUSR1])
def test_a_polite_signal_checkpoints_and_leaves_with_zero(
    tmp_path: Path, with_signal: signal.Signals
) -> None:
    paths = new_run(tmp_path, "mlp-digits", *LONG)
    with a_worker(paths) as process:
        until("50 steps", lambda: steps(paths) >= 50)
        process.send_signal(with_signal)
        assert process.wait(60) == 0
    status = view(paths).status
    assert status.state == "stopped" and with_signal.name in status.words
    assert (paths.checkpoints / f"{status.step:08d}" / "state.pt").is_file()


@pytest.mark.slow
def test_a_hang_up_is_ignored(tmp_path: Path) -> None:
    paths = new_run(tmp_path, "mlp-digits", *LONG)
    with a_worker(paths) as process:
        until("20 steps", lambda: steps(paths) >= 20)
        process.send_signal(signal.SIGHUP)
        seen = steps(paths)
        until("training goes on", lambda: steps(paths) > seen + 100)
        assert process.poll() is None


@pytest.mark.slow
def test_the_terminal_closes_and_training_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tuiwb", "run", "mlp-digits", "--runs", str(tmp_path)]
    command += [part for setting in LONG for part in ("-s", setting)]
    pid, terminal = pty.fork()
    if pid == 0:
        # as in a terminal, however these tests were started: nohup, or a shell's background
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.execv(command[0], command)
    try:
        until("a run", lambda: bool(list_runs(tmp_path)))
        paths = RunPaths(list_runs(tmp_path)[0].path)
        until("20 steps", lambda: steps(paths) >= 20)
    finally:
        os.close(terminal)  # the terminal is gone: the session in it gets SIGHUP
        os.waitpid(pid, 0)
    try:
        seen = steps(paths)
        until("training goes on", lambda: steps(paths) > seen + 100)
        assert view(paths).status.state == "training"
        answer = wait(paths.root, send(paths.root, "stop"), timeout=60)
        assert answer["accepted"]
        until("it stopped", lambda: view(paths).status.state == "stopped")
    finally:
        end_worker_of(paths)


@pytest.mark.slow
def test_a_full_disk_stops_cleanly_and_says_so(tmp_path: Path) -> None:
    paths = new_run(tmp_path, "mlp-digits", *LONG)
    with a_worker(paths, limit_kib=100) as process:
        assert process.wait(90) == 2
    rows = whole_rows(paths)
    assert len(rows) > 100
    assert np.array_equal(rows, np.arange(1, len(rows) + 1))
    status = view(paths).status
    assert status.state == "stopped"
    assert "the disk took no more" in status.words


@pytest.mark.slow
def test_a_second_worker_is_turned_away_and_the_first_goes_on(tmp_path: Path) -> None:
    paths = new_run(tmp_path, "mlp-digits", *LONG)
    with a_worker(paths) as first:
        until("20 steps", lambda: steps(paths) >= 20)
        second = subprocess.run(
            [sys.executable, "-m", "tuiwb.worker", str(paths.root)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 2
        assert "is being trained by another worker" in second.stderr
        assert f"process {first.pid}" in second.stderr
        assert "Traceback" not in second.stderr
        seen = steps(paths)
        until("the first goes on", lambda: steps(paths) > seen + 50)
    assert not any(event["kind"] == "error" for event in view(paths).events)


@pytest.mark.slow
def test_two_readers_of_a_live_run_agree(tmp_path: Path) -> None:
    paths = new_run(tmp_path, "mlp-digits", "train.steps=300")
    with a_worker(paths) as process:
        until("20 steps", lambda: steps(paths) >= 20)
        one = view(paths)
        process.wait(90)
    first, second = view(paths), view(paths)
    assert first.status == second.status and first.metrics == second.metrics
    early = one.table("steps").tail(20)
    late = first.table("steps").tail(300)
    assert np.array_equal(early["loss"], late["loss"][early["step"] - 1])


@pytest.mark.slow
def test_an_exception_in_a_model_is_in_the_journal_and_the_log(tmp_path: Path) -> None:
    paths = new_run(tmp_path, "mlp-digits", "train.steps=50")
    (paths.root / "sitecustomize.py").write_text(
        "import torch\n"
        "def broken(self, x):\n"
        "    raise KeyError('no such thing')\n"
        "torch.nn.ReLU.forward = broken\n"
    )
    with_path = {**os.environ, "PYTHONPATH": f"{paths.root}:{os.environ.get('PYTHONPATH', '')}:."}
    with paths.log.open("ab") as log:
        code = subprocess.run(
            [sys.executable, "-m", "tuiwb.worker", str(paths.root)],
            env=with_path, stdout=log, stderr=log, check=False,
        ).returncode  # fmt: skip
    assert code == 4
    status = view(paths).status
    assert status.state == "failed" and "KeyError" in status.words
    assert any("Traceback" in line for line in paths.log.read_text().splitlines())
