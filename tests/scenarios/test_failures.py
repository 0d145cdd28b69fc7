"""Failures in real workers: each is found, named, journaled with advice, and shown in words.

The workers are forked from one warm process; a model of the user's own misbehaves when it is told.
"""

from __future__ import annotations

import os
import resource
import shlex
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios import misbehaving
from tests.scenarios.helpers import LONG, end_worker_of, steps, until, view
from tuiwb.client.commands import send, wait
from tuiwb.client.launch import launch
from tuiwb.client.process import worker_command
from tuiwb.client.resume import resume
from tuiwb.client.warm import Warm
from tuiwb.run.inbox import MOST, TOLD
from tuiwb.run.journal import JournalTail
from tuiwb.run.layout import RunPaths
from tuiwb.run.listing import list_runs
from tuiwb.run.lock import boot_id, holder
from tuiwb.run.reader import RunReader
from tuiwb.spec import resolve

OWN = ("model.name=misbehaving:Net", "train.device=cpu", "train.threads=1", "probe.budget=0")


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUIWB_ALLOW", "misbehaving")
        with Warm(worker_command()) as warm:
            yield warm


class Trained:
    """One run of the misbehaving model, and its worker."""

    def __init__(self, folder: Path, warm: Warm, *overrides: str) -> None:
        self.orders = folder / "do"
        self.warm = warm
        spec = resolve("mlp-digits", (*LONG, *OWN, *overrides))
        self.paths = RunPaths(launch(spec, folder / "runs", standby=warm))

    @property
    def pid(self) -> int:
        held = holder(self.paths.lock)
        assert held is not None
        return held.pid

    @property
    def over(self) -> bool:
        held = holder(self.paths.lock)
        return held is not None and held.alive is False

    def order(self, *words: str) -> None:
        beside = self.orders.with_name(".do")
        beside.write_text("\n".join(words))
        beside.rename(self.orders)

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in JournalTail(self.paths.journal).read() if event["kind"] == kind]

    def begun(self) -> Trained:
        until("20 steps", lambda: steps(self.paths) >= 20)
        return self

    def ended(self) -> Trained:
        until("the worker ends", lambda: self.over)
        return self

    def log(self) -> str:
        return self.paths.log.read_text("utf-8", "replace")

    def limit(self, kind: int, value: int) -> None:
        """A limit of the system's for the worker, as it runs."""
        resource.prlimit(self.pid, kind, (value, resource.prlimit(self.pid, kind)[1]))


Train = Callable[..., Trained]


@pytest.fixture
def train(warm: Warm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Train]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TUIWB_ALLOW", "misbehaving")
    shutil.copy(misbehaving.__file__, tmp_path)
    runs: list[Trained] = []

    def start(*overrides: str) -> Trained:
        runs.append(Trained(tmp_path, warm, *overrides))
        return runs[-1]

    yield start
    for run in runs:
        end_worker_of(run.paths)


@pytest.mark.slow
def test_a_signal_ends_a_long_evaluation_which_a_resume_makes_up_for(train: Train) -> None:
    run = train("train.eval_every=0").begun()
    run.order("evaluate_slowly")
    send(run.paths.root, "set", {"train.eval_every": 1})
    until("it is in an evaluation", lambda: bool(run.events("command")))
    os.kill(run.pid, signal.SIGTERM)
    run.ended()
    status = view(run.paths).status
    assert (status.state, status.words) == (
        "stopped",
        f"stopped at step {status.step}: SIGTERM asked it to stop",
    )
    assert (run.paths.checkpoint(status.step) / "state.pt").is_file()
    assert not run.events("evaluation")
    run.order()
    resume(run.paths.root, standby=run.warm)
    until("the evaluation comes", lambda: bool(run.events("evaluation")))
    assert run.events("evaluation")[0]["step"] == status.step


def test_a_signal_while_it_is_paused(train: Train) -> None:
    run = train().begun()
    assert wait(run.paths.root, send(run.paths.root, "pause"))["accepted"]
    os.kill(run.pid, signal.SIGUSR1)
    status = view(run.ended().paths).status
    assert status.state == "stopped" and "SIGUSR1" in status.words
    assert (run.paths.checkpoint(status.step) / "state.pt").is_file()


def test_a_signal_while_the_model_is_built(train: Train, tmp_path: Path) -> None:
    (tmp_path / "do").write_text("build_slowly")
    run = train()
    until("it builds", lambda: any("building" in str(e) for e in run.events("state")))
    os.kill(run.pid, signal.SIGTERM)
    status = view(run.ended().paths).status
    assert status.state == "stopped"
    assert "SIGTERM asked it to stop before its first step" in status.words
    assert not run.events("error")


@pytest.mark.slow
def test_a_signal_while_a_checkpoint_is_written(train: Train) -> None:
    run = train().begun()
    run.order("write_checkpoints_slowly")
    send(run.paths.root, "checkpoint")
    until("one is being written", lambda: any(run.paths.checkpoints.glob(".*.partial")))
    os.kill(run.pid, signal.SIGTERM)
    status = view(run.ended().paths).status
    assert status.words == f"stopped at step {status.step}: SIGTERM asked it to stop"
    written = [event["step"] for event in run.events("checkpoint")]
    assert len(written) == 2 and written[-1] == status.step
    assert not any(run.paths.checkpoints.glob(".*"))


@pytest.mark.slow
@pytest.mark.parametrize("how", ["hang", "hang_in_a_library"])
def test_a_signal_while_a_step_hangs(train: Train, how: str) -> None:
    run = train().begun()
    run.order(how)
    seen = -1

    def stands() -> bool:
        nonlocal seen
        before, seen = seen, steps(run.paths)
        return before == seen

    until("it hangs", stands)
    os.kill(run.pid, signal.SIGTERM)
    status = view(run.ended().paths).status
    assert status.state == "stopped"
    assert "did not end within 4 s" in status.words and "last checkpoint" in status.words
    assert f"in {how}" in run.log()  # where it stood


def test_an_exception_in_the_users_model(train: Train) -> None:
    run = train().begun()
    run.order("fail")
    run.ended()
    status = view(run.paths).status
    place = f"misbehaving.py, line {misbehaving.fail.__code__.co_firstlineno + 1}"
    assert status.state == "failed"
    assert "KeyError" in status.words and place in status.words and "\x1b" not in status.words
    (error,) = run.events("error")
    assert error["where"].endswith(f"{place}, in fail")
    assert error["found"].startswith("raise KeyError")
    assert error["traceback"].startswith("Traceback") and "engine/loop.py" in error["traceback"]
    assert f"tuiwb resume {run.paths.root}" in error["next"]
    assert error["traceback"].strip() in run.log()


def test_a_model_that_ends_the_process_is_told_as_a_failure(train: Train) -> None:
    run = train().begun()
    run.order("leave")
    status = view(run.ended().paths).status
    assert status.state == "failed" and "SystemExit: enough" in status.words


def test_a_fault_in_a_library_leaves_its_stack(train: Train) -> None:
    run = train().begun()
    run.order("fault")
    status = view(run.ended().paths).status
    assert status.state == "crashed"
    assert "Segmentation fault" in run.log() and "in fault" in run.log()


def test_out_of_memory_says_how_much_and_offers_the_batch_in_parts(train: Train) -> None:
    run = train("data.batch_size=64", "optim.name=sgd", "optim.lr=0.1").begun()
    assert wait(run.paths.root, send(run.paths.root, "checkpoint"))["accepted"]
    until("a checkpoint", lambda: bool(run.events("checkpoint")))
    (kept,) = [event["step"] for event in run.events("checkpoint")]
    run.limit(resource.RLIMIT_AS, 12 << 30)
    run.order("take_all_memory")
    status = view(run.ended().paths).status
    assert status.state == "failed"
    assert "out of memory in the forward pass (17.2 GB more)" in status.words
    (error,) = run.events("error")
    assert error["where"] == "data.batch_size = 64"
    assert "this process may have 12.9 GB" in error["found"]
    assert "take_all_memory" in error["traceback"]
    assert error["next"] == f"tuiwb fork {run.paths.root} --at {kept} -s train.accumulate=2"
    assert "the same training" in error["allowed"]
    assert "-s data.batch_size=32 -s optim.lr=0.05" in error["allowed"]


def test_out_of_memory_of_a_card(train: Train) -> None:
    run = train("data.batch_size=64", "optim.name=adam", "optim.lr=0.01").begun()
    run.order("take_all_of_the_card")
    status = view(run.ended().paths).status
    assert "out of memory in the forward pass (2.15 GB more)" in status.words
    (error,) = run.events("error")
    assert error["found"] == "the device has 15.77 GiB, of which 1.21 GiB are free"
    _, verb, spec, *settings = shlex.split(error["next"])
    assert verb == "run"
    parts = resolve(Path(spec), settings[1::2]).spec
    assert (parts.data.batch_size, parts.train.accumulate, parts.optim.lr) == (64, 2, 0.01)
    half = resolve(Path(spec), shlex.split(error["allowed"])[-3::2]).spec
    assert (half.data.batch_size, half.optim.lr) == (32, 0.00707)


def test_a_checkpoint_that_does_not_fit_ends_nothing_and_comes_when_there_is_room(
    train: Train,
) -> None:
    run = train().begun()
    assert wait(run.paths.root, send(run.paths.root, "pause"))["accepted"]
    largest = max(file.stat().st_size for file in run.paths.tables.iterdir())
    # from here on no file may grow beyond what this one has: the checkpoint is larger
    run.order("grow")
    run.limit(resource.RLIMIT_FSIZE, largest + (1 << 20))
    done = steps(run.paths)
    send(run.paths.root, "step")
    until("it has grown", lambda: steps(run.paths) > done)
    asked = send(run.paths.root, "checkpoint")
    until("it is told", lambda: bool(run.events("warning")))
    assert not wait(run.paths.root, asked)["accepted"]
    (warning,) = run.events("warning")
    assert "could not be written" in warning["text"] and "make room" in warning["text"]
    assert list(run.paths.checkpoints.iterdir()) == []
    run.limit(resource.RLIMIT_FSIZE, resource.RLIM_INFINITY)
    send(run.paths.root, "checkpoint")
    until("it is written", lambda: bool(run.events("checkpoint")))
    assert view(run.paths).status.state == "paused"


def test_two_workers_and_a_lock_of_before_a_reboot(train: Train, warm: Warm) -> None:
    run = train().begun()
    os.kill(run.pid, signal.SIGKILL)
    run.ended()
    # the machine has started anew since, and the number is somebody else's process now
    text = run.paths.lock.read_text()
    run.paths.lock.write_text(
        text.replace(boot_id(), "0" * 36).replace(f'"pid": {run.pid}', f'"pid": {os.getpid()}')
    )
    assert view(run.paths).status.state == "crashed"
    assert list_runs(run.paths.root.parent)[0].state == "crashed"
    resume(run.paths.root, standby=warm)
    until("it trains again", lambda: view(run.paths).status.state == "training")
    assert run.pid != os.getpid()


def test_rubbish_in_the_inbox_of_a_live_run(train: Train) -> None:
    run = train().begun()
    inbox = run.paths.inbox
    name = "{:020d}-0123456789ab.json".format
    os.kill(run.pid, signal.SIGSTOP)  # how often it looks is not a matter of how quick it is
    for n in range(1000):
        (inbox / name(n)).write_bytes(b"\xff{" * (n % 7))
    (inbox / name(2000)).write_bytes(b"{" * (1 << 22))
    (inbox / name(2001)).mkdir()
    os.mkfifo(inbox / name(2002))
    (inbox / name(2003)).symlink_to("/dev/zero")
    (inbox / f".{name(2004)}").write_bytes(b'{"id": "x", "comm')  # its client died
    seen = steps(run.paths)
    os.kill(run.pid, signal.SIGCONT)
    until("it goes on", lambda: steps(run.paths) > seen)
    asked = send(run.paths.root, "pause")
    assert wait(run.paths.root, asked, timeout=60)["accepted"]
    refused = [e["text"] for e in run.events("warning")]
    assert any("more files are refused" in text for text in refused)
    looks = 2 + 1004 // MOST  # one may have begun before it was halted
    assert len(refused) <= looks * (TOLD + 1)
    assert sorted(os.listdir(inbox)) == [f".{name(2004)}", ".refused"]


def test_a_folder_that_is_deleted_ends_it_and_does_not_come_back(train: Train) -> None:
    run = train("train.eval_every=50").begun()
    pid = run.pid
    while run.paths.root.exists():  # a file that comes meanwhile keeps a folder from going
        shutil.rmtree(run.paths.root, ignore_errors=True)
    until("the worker ends", lambda: not Path(f"/proc/{pid}/stat").exists())
    assert not run.paths.root.exists()


def test_a_paused_run_notices_that_its_folder_was_moved(train: Train, tmp_path: Path) -> None:
    run = train().begun()
    assert wait(run.paths.root, send(run.paths.root, "pause"))["accepted"]
    there = tmp_path / "elsewhere" / "kept"
    there.parent.mkdir()
    with RunReader(run.paths.root) as reader:
        reader.poll(None)
        run.paths.root.rename(there)
        assert "its folder is gone" in reader.poll(None).status.words
    old, run.paths = run.paths, RunPaths(there)
    status = view(run.ended().paths).status
    assert status.state == "stopped" and "the run's folder was moved" in status.words
    (error,) = run.events("error")
    assert str(there) in error["found"]
    assert error["next"].endswith(f"tuiwb resume {there}")
    assert not old.root.exists()


def test_files_that_are_deleted_under_it_end_it(train: Train) -> None:
    run = train().begun()
    pid = run.pid
    run.paths.journal.unlink()
    until("the worker ends", lambda: not Path(f"/proc/{pid}/stat").exists())
    assert "journal.jsonl is missing" in run.log()
    assert not run.paths.journal.exists()


def test_a_folder_that_becomes_read_only_ends_it_with_words(train: Train, tmp_path: Path) -> None:
    (tmp_path / "do").write_text("without_privileges")
    run = train().begun()
    run.paths.root.chmod(0o500)
    try:
        status = view(run.ended().paths).status
    finally:
        run.paths.root.chmod(0o700)
    assert status.state == "stopped"
    assert "the run's folder has become read-only" in status.words
    (error,) = run.events("error")
    assert "make it writable again" in error["next"]


@pytest.mark.slow
def test_a_step_that_hangs_is_seen_and_said_and_goes_on_when_it_ends(train: Train) -> None:
    run = train().begun()
    run.order("be_impatient", "hang")
    until("it is seen", lambda: bool(run.events("finding")))
    (finding,) = run.events("finding")
    assert finding["symptom"] == "stall"
    assert any("in hang" in line for line in finding["evidence"]["stack"])
    assert "in hang" in run.log()
    assert view(run.paths).status.words.startswith("training: no step for 0:0")
    run.order()
    until("it goes on", lambda: view(run.paths).status.words == "training")
    until("that is told", lambda: bool(run.events("note")))
    assert "training goes on" in run.events("note")[0]["text"]
