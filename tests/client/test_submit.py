"""Runs for a cluster's queue: the script, the job, and what Slurm does to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client.slurm import Slurm
from tuiwb.base.errors import UserError
from tuiwb.cli.main import execute
from tuiwb.client import job as jobs
from tuiwb.client.commands import send
from tuiwb.client.job import Job, script
from tuiwb.client.submit import submit
from tuiwb.run.journal import events
from tuiwb.run.layout import RunPaths
from tuiwb.run.meta import read_meta
from tuiwb.run.reader import RunReader
from tuiwb.run.status import Status
from tuiwb.run.world import World, world_of
from tuiwb.spec import resolve

Fake = Callable[[str], list[str]]
Until = Callable[[Callable[[], object]], None]


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Slurm:
    stand_in = Slurm(tmp_path / "slurm")
    monkeypatch.setenv("PATH", stand_in.path)
    return stand_in


@pytest.fixture
def runs(own_world: Path) -> Path:
    return own_world / "runs"


def status(path: Path) -> Status:
    with RunReader(path) as reader:
        return reader.poll(None).status


def test_a_submitted_run_waits_in_the_queue(
    slurm: Slurm, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["submit", "mlp-digits", "--gpus", "1", "-t", "1:00:00", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    path = runs / "mlp-digits-0001"
    assert told == {"run": path.name, "path": str(path), "job": "123"}
    assert slurm.told == [f"sbatch --parsable {path / 'job.sbatch'}"]
    assert (path / "job.sbatch").read_text() == script(path, Job(gpus=1, time="1:00:00"))
    assert [e["job"] for e in events(RunPaths(path).journal)] == ["123"]
    assert status(path).words == "queued (Slurm job 123)" and not status(path).ended_now
    slurm.list("7|RUNNING|None|x\n123|PENDING|Priority|mlp-digits-0001")
    for line in (["ls"], ["ls", "--state", "live"], ["show", "--plot", ""]):
        assert execute(line) == 0
        assert "queued (Slurm job 123: pending, Priority)" in capsys.readouterr().out
    for others in ("7|RUNNING|None|x", "123|PENDING|Priority|of-another-cluster"):
        slurm.list(others)
        assert execute(["show", "--plot", ""]) == 0
        assert "queued (Slurm job 123: not in the queue any more)" in capsys.readouterr().out


def test_it_is_taken_out_of_the_queue_and_cannot_be_told_more(
    slurm: Slurm, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, job = submit(resolve("mlp-digits"), runs, Job())
    assert job == "123"
    slurm.list("123|PENDING|Priority|mlp-digits-0001")
    for line, words in (
        (["ctl", path.name, "pause"], "is queued: it cannot be told to pause"),
        (["resume", path.name], "is queued: there is nothing to resume"),
        (["rm", path.name, "--yes"], "is live and cannot be deleted"),
    ):
        assert execute(line) == 2
        assert words in capsys.readouterr().err
    assert execute(["ctl", path.name, "stop"]) == 0
    assert slurm.told[-1] == "scancel 123"
    assert status(path).state == "stopped" and "out of the queue" in status(path).words


@pytest.mark.parametrize("queue", ["", "123|RUNNING|None|not-this-one", "raced", "no Slurm"])
def test_a_job_that_is_not_this_run_s_is_left_alone(
    slurm: Slurm, runs: Path, monkeypatch: pytest.MonkeyPatch, queue: str
) -> None:
    """Forgotten, of another cluster, gone in between, or the folder was copied from elsewhere."""
    path, _ = submit(resolve("mlp-digits"), runs, Job())
    slurm.list(f"123|PENDING|Priority|{path.name}" if queue == "raced" else queue)
    (slurm.place / "raced").touch()
    if queue == "no Slurm":
        monkeypatch.setenv("PATH", os.defpath)
    assert execute(["ctl", path.name, "stop"]) == 0
    assert status(path).state == "stopped"
    assert ("scancel 123" in slurm.told) == (queue == "raced")


def test_what_slurm_refuses_leaves_nothing_behind(
    slurm: Slurm, runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    slurm.refuse("sbatch: error: invalid partition specified: gpuu")
    assert execute(["submit", "mlp-digits", "-p", "gpuu"]) == 2
    said = capsys.readouterr().err
    assert "sbatch refuses" in said and "invalid partition specified: gpuu" in said
    assert list(runs.iterdir()) == []
    monkeypatch.setenv("PATH", os.defpath)
    assert execute(["submit", "mlp-digits"]) == 2
    assert "there is no sbatch here" in capsys.readouterr().err
    assert list(runs.iterdir()) == []


def test_a_dry_run_prints_the_script_and_makes_nothing(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--nodes", "2", "--gpus", "4", "--sbatch-arg=--account=phys ics"]
    assert execute(["submit", "mlp-digits", *options, "--dry-run"]) == 0
    text = capsys.readouterr().out
    assert text == script(runs / "mlp-digits-0001", Job(2, 4, options=("--account=phys ics",)))
    assert not runs.exists()
    head = [line for line in text.splitlines() if line.startswith("#SBATCH")]
    assert "#SBATCH --nodes=2" in head and "#SBATCH --gpus-per-node=4" in head
    assert "#SBATCH --requeue" in head and "#SBATCH --signal=B:USR1@120" in head
    assert head[-1] == "#SBATCH --account=phys ics"
    assert 'exec "$0" -P -m tuiwb.worker --machine "$SLURM_PROCID" "$1"' in text
    checked = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_machines_are_told_where_to_meet_when_the_job_starts(
    slurm: Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each starts its part of the run: the first one all of it, the others by their numbers."""
    says = tmp_path / "says.py"
    says.write_text("import os, sys; print(os.environ['TUIWB_MEET'], *sys.argv[1:], flush=True)")
    monkeypatch.setattr(jobs, "worker_command", lambda: ["python", str(says)])
    path, _ = submit(resolve("mlp-digits"), tmp_path / "runs", Job(nodes=2, gpus=4))
    env = {**os.environ, "SLURM_JOB_ID": "123", "SLURM_JOB_NODELIST": "n[1-2]"}
    (slurm.bin / "srun").write_text(
        '#!/bin/sh\nshift; for SLURM_PROCID in 0 1; do export SLURM_PROCID; "$@"; done\n'
    )
    told = subprocess.run(["bash", path / "job.sbatch"], env=env, capture_output=True, text=True)
    assert told.stdout.splitlines() == [
        f"localhost:20123 {path}",
        f"localhost:20123 --machine 1 {path}",
    ]
    monkeypatch.setenv("TUIWB_MEET", "localhost:20123")
    assert world_of(read_meta(RunPaths(path))[0]) == World(4, 2, 2, "localhost:20123")
    for job, world in ((Job(), None), (Job(processes=3), World(3))):
        one, _ = submit(resolve("mlp-digits"), tmp_path / "runs", job)
        assert world_of(read_meta(RunPaths(one))[0]) == world


@pytest.mark.parametrize("bad", ["account=x", "--wrap=a\nrm -r ~", ""])
def test_options_that_are_none(bad: str) -> None:
    with pytest.raises(UserError, match="not an option of sbatch"):
        Job(options=(bad,))
    with pytest.raises(UserError, match="not one word"):
        Job(time=f"1:00\n{bad}")


@pytest.mark.slow
def test_preempted_it_queues_again_and_goes_on(
    slurm: Slurm, tmp_path: Path, fake: Fake, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Slurm does with the script: start it, warn it, start it again."""
    monkeypatch.setattr(jobs, "worker_command", lambda: fake("long"))
    path, _ = submit(resolve("mlp-digits"), tmp_path / "runs % of mine", Job())
    env = {**os.environ, "SLURM_JOB_ID": "123"}

    def start() -> subprocess.Popen[bytes]:
        with RunPaths(path).log.open("ab") as log:
            return subprocess.Popen(["bash", path / "job.sbatch"], env=env, stdout=log, stderr=log)

    with start() as shell:
        until(lambda: status(path).step > 3)
        shell.send_signal(signal.SIGUSR1)
        assert shell.wait(30) == 0
    assert slurm.told[-1] == "scontrol requeue 123"
    assert status(path).words == "queued (Slurm job 123)"
    assert [e.get("by") for e in events(RunPaths(path).journal) if e["kind"] == "command"] == [
        "slurm"
    ]
    with start() as shell:
        until(lambda: status(path).state == "training")
        send(path, "stop", by="me")
        assert shell.wait(30) == 0
    assert status(path).state == "stopped"
    assert len([line for line in slurm.told if line.startswith("scontrol")]) == 1


@pytest.mark.parametrize(("mode", "code"), [("broken", 1), ("short", 0)])
def test_a_job_that_ends_by_itself_is_not_queued_again(
    slurm: Slurm, tmp_path: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch, mode: str, code: int
) -> None:
    monkeypatch.setattr(jobs, "worker_command", lambda: fake(mode))
    path, _ = submit(resolve("mlp-digits"), tmp_path / "runs", Job())
    done = subprocess.run(["bash", path / "job.sbatch"], capture_output=True, timeout=60)
    assert done.returncode == code
    assert not [line for line in slurm.told if line.startswith("scontrol")]
