"""Failures that need a hand on the disk, the clock or the lock: whole runs in this process."""

from __future__ import annotations

import errno
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.scenarios.helpers import new_run, view, whole_rows
from tuiwb.base import clock
from tuiwb.base.clock import SteadyClock
from tuiwb.engine import writing
from tuiwb.run import pictures
from tuiwb.run.create import called
from tuiwb.run.journal import Journal, JournalTail
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import boot_id
from tuiwb.run.status import STALE
from tuiwb.worker.failures import words
from tuiwb.worker.shortage import asked, is_shortage, shortage
from tuiwb.worker.work import work

SHORT = ("train.steps=60", "train.eval_every=20", "train.device=cpu", "train.threads=1")
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    return new_run(tmp_path, "softmax-digits", *SHORT)


def events(paths: RunPaths, kind: str) -> list[dict[str, Any]]:
    return [event for event in JournalTail(paths.journal).read() if event["kind"] == kind]


class Jumping:
    """A wall clock that somebody sets while a run is trained."""

    def __init__(self) -> None:
        self.offset = 0.0
        self.looks = 0

    def __call__(self) -> float:
        self.looks += 1
        if self.looks == 30:
            self.offset = -7200.0
        if self.looks == 50:
            self.offset = 86_400.0
        if self.looks == 65:
            self.offset = 0.0
        return time.time() + self.offset


def test_a_clock_that_jumps_leaves_no_time_running_backwards(
    paths: RunPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = Jumping()
    monkeypatch.setattr(clock.STEADY, "_wall", wall)
    assert work(str(paths.root)) == 0
    assert wall.looks > 65
    (segment,) = paths.tables.glob("steps.*")
    times = np.load(segment)["time"]
    assert len(times) == 60 and (np.diff(times) >= 0).all()
    told = [event["time"] for event in JournalTail(paths.journal).read()]
    assert told == sorted(told)
    status = view(paths).status
    assert status.state == "finished" and status.took is not None and status.took > 0
    clock.STEADY._ahead = 0.0  # what comes after this test is today again


def test_a_steady_clock_follows_forwards_and_never_back() -> None:
    wall, elapsed = 1000.0, 50.0
    steady = SteadyClock(lambda: wall, lambda: elapsed)
    assert steady.now() == 1000.0
    wall, elapsed = 1010.0, 60.0
    assert steady.now() == 1010.0
    wall, elapsed = 410.0, 61.0  # set back by ten minutes
    assert steady.now() == 1011.0
    wall, elapsed = 419.0, 70.0
    assert steady.now() == 1020.0
    wall, elapsed = 5000.0, 71.0  # set forward
    assert steady.now() == 5000.0
    wall, elapsed = 5001.0, 72.0
    assert steady.now() == 5001.0


def test_a_journal_that_cannot_be_written_ends_it_with_words_in_the_log(
    paths: RunPaths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write = Journal.write

    def full(journal: Journal, kind: str, *given: Any, **fields: Any) -> dict[str, Any]:
        if kind in ("evaluation", "error", "state") and fields.get("state") != "starting":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(journal.path))
        return write(journal, kind, *given, **fields)

    monkeypatch.setattr(Journal, "write", full)
    assert work(str(paths.root)) == 2
    told = capsys.readouterr().err
    assert "the disk took no more" in told and str(paths.journal) in told and "make room" in told
    assert not paths.ballast.exists()
    assert view(paths).status.state == "crashed"


def test_a_picture_that_does_not_fit_is_told_once_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = new_run(tmp_path, "mlp-digits", *SHORT)
    asked: list[str] = []

    def full(folder: Path, step: int, name: str, *given: Any) -> Path:
        asked.append(name)
        raise FULL

    monkeypatch.setattr(pictures, "write", full)
    assert work(str(paths.root)) == 0
    assert len(asked) > 1
    (warning,) = events(paths, "warning")
    assert "does not fit on the disk" in warning["text"] and asked[0] in warning["text"]
    assert view(paths).status.state == "finished"


def test_a_last_checkpoint_that_does_not_fit_is_told_with_the_end(
    paths: RunPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = writing.write

    def full(folder: Path, step: int, *given: Any) -> int:
        if step == 60:
            raise FULL
        return write(folder, step, *given)

    monkeypatch.setattr(writing, "write", full)
    assert work(str(paths.root)) == 0
    assert view(paths).status.words == (
        "finished at step 60: all steps done; its last checkpoint could not be written"
    )
    (warning,) = events(paths, "warning")
    assert warning["text"].startswith("the checkpoint of step 60 could not be written: No space")
    assert "a resume goes on from the one before" in warning["text"]
    assert not any(paths.checkpoints.glob(".*"))


def test_rows_that_do_not_fit_end_it_with_every_row_before(
    paths: RunPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = os.write
    torn: list[int] = []

    def write(fd: int, data: Any) -> int:
        # as a full disk does: some of it, then nothing
        if fd in torn:
            raise FULL
        names = data.dtype.names or () if isinstance(data, np.ndarray) else ()
        if "loss" in names and data["step"].max() > 30:
            torn.append(fd)
            return really(fd, data.tobytes()[:10])
        return really(fd, data)

    monkeypatch.setattr("tuiwb.run.table.os.write", write)
    assert work(str(paths.root)) == 2
    monkeypatch.undo()
    rows = whole_rows(paths)
    assert np.array_equal(rows, np.arange(1, len(rows) + 1)) and 0 < len(rows) < 60
    assert view(paths).status.words == (
        f"stopped at step {len(rows)}: the disk took no more: No space left on device"
    )


def test_a_loss_that_is_lost_is_a_state_with_advice(tmp_path: Path) -> None:
    paths = new_run(tmp_path, "linreg-diabetes", *SHORT, "optim.name=sgd", "optim.lr=100")
    assert work(str(paths.root)) == 3
    status = view(paths).status
    assert status.state == "diverged" and "the loss has not been finite" in status.words
    found = {event["symptom"]: event for event in events(paths, "finding")}
    assert found["non-finite"]["remedy"]["words"]


def test_a_run_that_another_machine_trains_is_refused(
    paths: RunPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    other = {"pid": 7, "boot_id": boot_id(), "started": time.time(), "host": "elsewhere"}
    paths.lock.write_text(json.dumps(other))
    with Journal(paths.journal) as journal:
        journal.write("state", state="training")
    assert work(str(paths.root)) == 2
    told = capsys.readouterr().err
    assert "trained on another machine" in told and "process 7 on elsewhere" in told
    assert json.loads(paths.lock.read_text()) == other
    # nothing has been heard of it for long: it is dead, and this machine may go on
    old = time.time() - 10 * STALE
    paths.lock.write_text(json.dumps(other | {"started": old}))
    line = json.loads(paths.journal.read_text())
    paths.journal.write_text(json.dumps(line | {"time": old}) + "\n")
    meta = json.loads(paths.meta.read_text())
    paths.meta.write_text(json.dumps(meta | {"created": old}))
    assert work(str(paths.root)) == 0
    assert json.loads(paths.lock.read_text())["host"] == socket.gethostname()


@pytest.mark.parametrize(
    ("number", "inside", "state", "what"),
    [
        (errno.ENOSPC, True, "stopped", "the disk took no more: No space left on device"),
        (errno.EDQUOT, False, "stopped", "the disk took no more: Disk quota exceeded"),
        (errno.EROFS, False, "stopped", "the run's folder has become read-only"),
        (errno.EACCES, True, "stopped", "the run's folder has become read-only"),
        (errno.ENOENT, True, "stopped", "the run's folder has gone"),
        (errno.EIO, True, "stopped", "the disk failed: input/output error"),
        (errno.EACCES, False, "failed", "the worker failed: PermissionError"),
        (errno.ENOENT, False, "failed", "the worker failed: FileNotFoundError"),
        (errno.ENOMEM, False, "failed", "out of memory in training"),
    ],
)
def test_errors_of_the_disk_in_words(number: int, inside: bool, state: str, what: str) -> None:
    root = Path("/runs/mlp-0001")
    name = str(root / "journal.jsonl") if inside else "/data/mine.csv"
    ended, told, trace = words(OSError(number, os.strerror(number), name), root)
    assert ended == state and told.what.startswith(what)
    assert bool(trace) == (state == "failed")
    assert told.next


@pytest.mark.parametrize(
    ("error", "bytes"),
    [
        (RuntimeError(
            "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate "
            "memory: you tried to allocate 68719476736 bytes. Error code 12"
        ), 1 << 36),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."), 20 << 20),
        (MemoryError("Unable to allocate 29.8 GiB for an array with shape (4000000000,)"),
         29.8 * (1 << 30)),
        (RuntimeError("MPS backend out of memory. Tried to allocate 256 bytes"), 256),
        (MemoryError(), None),
    ],
)  # fmt: skip
def test_what_an_allocation_asked_for(error: Exception, bytes: float | None) -> None:
    assert is_shortage(error)
    assert asked(str(error)) == bytes
    assert not is_shortage(ValueError("out of memory"))


def test_a_run_in_the_usual_place_is_called_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert called(tmp_path / "mlp-0001") == str(tmp_path / "mlp-0001")
    assert called(tmp_path / "my nets" / "a") == f"'{tmp_path}/my nets/a'"
    monkeypatch.setenv("TUIWB_RUNS", str(tmp_path))
    assert called(tmp_path / "mlp-0001") == "mlp-0001"


@pytest.mark.parametrize(
    ("settings", "next"),
    [
        ((), "-s train.accumulate=2"),
        (("train.accumulate=4",), "-s train.accumulate=8"),
        (("model.norm=batch", "train.accumulate=16"), "-s train.accumulate=32"),
        (("train.accumulate=64",), "smaller model"),
        (("model.norm=batch", "train.accumulate=32"), "smaller model"),
        (("data.batch_size=1",), "smaller model"),
    ],
)
def test_the_batch_in_more_parts_as_long_as_it_has_samples(
    tmp_path: Path, settings: tuple[str, ...], next: str
) -> None:
    paths = new_run(tmp_path, "mlp-digits", "data.batch_size=64", "optim.lr=0.001", *settings)
    told = shortage(MemoryError(), paths.root)
    assert next in told.next
    offers = "or half the batch" in told.allowed
    assert offers == ("accumulate" in next) == (f"tuiwb run {paths.spec} " in told.next)


def test_a_model_that_does_not_fit_is_no_matter_of_the_batch(tmp_path: Path) -> None:
    paths = new_run(tmp_path, "mlp-digits")
    with pytest.raises(MemoryError) as error:
        exec(compile("raise MemoryError", "/x/tuiwb/engine/build.py", "exec"))
    told = shortage(error.value, paths.root)
    assert told.what == "out of memory in building the model"
    assert "smaller model" in told.next and "for any batch" in told.allowed


def test_what_to_do_where_nothing_is_known_of_the_spec(tmp_path: Path) -> None:
    one = new_run(tmp_path, "mlp-digits", "data.batch_size=1")
    # with 4 and not 2: who only followed the run does not take it away as one that was refused
    assert shortage(MemoryError(), one.root).exit_code == 4
    gone = shortage(MemoryError(), tmp_path / "gone")
    assert "fewer samples" in gone.next and "data.batch_size =" not in gone.where


@pytest.fixture(autouse=True)
def back_home() -> Iterator[None]:
    """A worker goes to its user's folder; this process is not one."""
    here = Path.cwd()
    yield
    os.chdir(here)
