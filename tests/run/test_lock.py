"""Who trains this run: one at most, and the dead are known to be dead."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tuiwb
from tuiwb.base.clock import FrozenClock
from tuiwb.base.errors import UserError
from tuiwb.run import lock as lock_module
from tuiwb.run.lock import WorkerLock, boot_id, holder

ENV = {**os.environ, "PYTHONPATH": str(Path(tuiwb.__file__).parents[1])}
CHILD = """
import sys, time
from pathlib import Path
from tuiwb.run.lock import WorkerLock
WorkerLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "mlp-0001").mkdir()
    return tmp_path / "mlp-0001" / "worker.lock"


def signed(path: Path, **changes: Any) -> None:
    known = {"pid": os.getpid(), "boot_id": boot_id(), "started": 5.0, "host": socket.gethostname()}
    path.write_text(json.dumps(known | changes))


def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_handed_over_it_is_as_one_that_nobody_had(path: Path) -> None:
    with WorkerLock(path) as lock:
        lock.hand_over()
        assert not lock.held and holder(path) is None
        lock.hand_over()  # not held: nothing is lost by that
    with WorkerLock(path):
        known = holder(path)
        assert known is not None and known.alive


def test_taken_signed_and_given_back(path: Path) -> None:
    assert holder(path) is None
    with WorkerLock(path, FrozenClock(123.0)) as lock:
        assert lock.held
        known = holder(path)
        assert known is not None
        assert (known.pid, known.host, known.started) == (os.getpid(), socket.gethostname(), 123.0)
        assert known.alive is True
    assert not lock.held
    after = holder(path)
    assert after is not None and after.alive is False
    lock.release()
    with WorkerLock(path):
        pass


def test_two_workers_on_one_run(path: Path) -> None:
    with WorkerLock(path, FrozenClock(0.0)), pytest.raises(UserError) as told:
        WorkerLock(path).acquire()
    text = str(told.value)
    assert "mlp-0001 is being trained by another worker" in text
    assert f"process {os.getpid()} on {socket.gethostname()}, since 1970-01-01" in text
    assert "tuiwb attach mlp-0001" in text
    assert holder(path).alive is False  # type: ignore[union-attr]


def test_another_process_and_its_death(path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, path], stdout=subprocess.PIPE, env=ENV)
    with child:
        assert child.stdout is not None and child.stdout.readline() == b"held\n"
        known = holder(path)
        assert known is not None and (known.pid, known.alive) == (child.pid, True)
        with pytest.raises(UserError, match="another worker"):
            WorkerLock(path).acquire()
        child.kill()
        child.wait()
        known = holder(path)
        assert known is not None and (known.pid, known.alive) == (child.pid, False)
        with WorkerLock(path):
            assert holder(path).pid == os.getpid()  # type: ignore[union-attr]


def test_a_reader_that_looks_does_not_keep_a_worker_out(path: Path) -> None:
    signed(path)
    fd = os.open(path, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_SH)  # a probe at the very moment
    tries: list[float] = []

    class Time:
        @staticmethod
        def monotonic() -> float:
            return len(tries) * 0.1

        @staticmethod
        def sleep(seconds: float) -> None:
            tries.append(seconds)
            if len(tries) == 3:
                fcntl.flock(fd, fcntl.LOCK_UN)

    before, lock_module.time = lock_module.time, Time  # type: ignore[assignment]
    try:
        with WorkerLock(path):
            assert len(tries) == 3
    finally:
        lock_module.time = before
        os.close(fd)


def test_free_lock_of_this_machine_is_dead_of_another_unknown(path: Path) -> None:
    signed(path)  # even with a live pid: it may have been used again
    assert holder(path).alive is False  # type: ignore[union-attr]
    signed(path, boot_id="an earlier boot")
    assert holder(path).alive is False  # type: ignore[union-attr]
    signed(path, host="elsewhere")
    assert holder(path).alive is None  # type: ignore[union-attr]


def test_held_by_a_child_that_outlived_its_worker_is_unknown(path: Path) -> None:
    with WorkerLock(path):
        signed(path, pid=dead_pid())
        assert holder(path).alive is None  # type: ignore[union-attr]


def test_without_flock_the_process_decides(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(fd: int, kind: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "not here")

    monkeypatch.setattr(lock_module.fcntl, "flock", none)
    signed(path)
    assert holder(path).alive is True  # type: ignore[union-attr]
    signed(path, pid=dead_pid())
    assert holder(path).alive is False  # type: ignore[union-attr]
    signed(path, host="elsewhere")
    assert holder(path).alive is None  # type: ignore[union-attr]
    signed(path, pid=os.getppid())
    with pytest.raises(UserError, match="another worker"):
        WorkerLock(path).acquire()
    signed(path, pid=dead_pid())
    WorkerLock(path).acquire()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 5000,
        '{"pid": "1"}',
        '{"pid": -1, "started": 0}',
        '{"pid": 99999999999, "started": 0}',
        '{"pid": 1, "started": 1e300}',
        '{"pid": 1, "started": NaN}',
    ],
)
def test_rubbish_in_the_lock_is_nobody(path: Path, text: str) -> None:
    path.write_text(text)
    assert holder(path) is None
    with WorkerLock(path):
        assert holder(path).alive is True  # type: ignore[union-attr]
        with pytest.raises(UserError):
            WorkerLock(path).acquire()


def test_links_and_pipes_are_not_locks(path: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("precious")
    path.symlink_to(tmp_path / "outside")
    assert holder(path) is None
    with pytest.raises(UserError, match="cannot lock mlp-0001"):
        WorkerLock(path).acquire()
    assert (tmp_path / "outside").read_text() == "precious"
    path.unlink()
    os.mkfifo(path)
    assert holder(path) is None
