"""Runs started cold and warm, and starts that fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.client.commands import send, wait
from tuiwb.client.follow import follow
from tuiwb.client.launch import launch
from tuiwb.client.process import environment, worker_command
from tuiwb.client.runs import find, list_runs, runs_dir
from tuiwb.client.standby import Standby
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import holder
from tuiwb.run.reader import RunReader
from tuiwb.run.status import Status
from tuiwb.run.view import RunView
from tuiwb.spec import resolve

Fake = Callable[[str], list[str]]
Until = Callable[[Callable[[], object]], None]


def last(path: Path) -> RunView:
    return list(follow(path, 0.01))[-1]


def status(path: Path) -> Status:
    return RunReader(path).poll().status


def test_a_cold_start_trains_detached(tmp_path: Path, fake: Fake, until: Until) -> None:
    path = launch(resolve("mlp-digits"), tmp_path / "runs", argv=["x"], command=fake("long"))
    until(lambda: status(path).step > 3)
    known = holder(RunPaths(path).lock)
    assert known is not None and known.alive
    assert os.getsid(known.pid) == known.pid  # its own session: a closed terminal does not reach it
    assert os.readlink(f"/proc/{known.pid}/fd/0") == os.devnull
    assert os.readlink(f"/proc/{known.pid}/fd/1") == str(RunPaths(path).log)
    answer = wait(path, send(path, "stop", by="me"), timeout=30)
    assert answer["accepted"] and answer["step"] > 3
    assert last(path).status.words == f"stopped at step {answer['step']}: asked by me"
    assert [run.state for run in list_runs(tmp_path / "runs")] == ["stopped"]
    assert find(tmp_path / "runs") == path


def test_a_run_that_ends_and_one_that_crashes(tmp_path: Path, fake: Fake) -> None:
    done = last(launch(resolve("mlp-digits"), tmp_path, command=fake("short")))
    assert (done.status.state, done.table("steps").rows) == ("finished", 50)
    dead = last(launch(resolve("mlp-digits"), tmp_path, command=fake("crash")))
    assert dead.status.words == "crashed at step 50"
    assert dead.status.last_words == ("about to go",)
    assert dead.table("steps").rows == 50


@pytest.mark.parametrize(
    ("mode", "why", "words"),
    [("broken", "exit code 1", ("ImportError: no torch here",)), ("silent", "exit code 0", ())],
)
def test_a_worker_that_never_begins_is_learnt_of(
    tmp_path: Path, fake: Fake, mode: str, why: str, words: tuple[str, ...]
) -> None:
    view = last(launch(resolve("mlp-digits"), tmp_path, command=fake(mode)))
    assert view.status.words == f"failed at step 0: the worker ended before it began: {why}"
    assert view.status.last_words == words
    assert view.status.error is not None
    error = WorkerFailed.from_dict(view.status.error)
    assert error.exit_code == 4 and "tuiwb info" in str(error)


def test_a_worker_that_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(WorkerFailed, match="cannot start the worker: No such file"):
        launch(resolve("mlp-digits"), tmp_path, command=["/nowhere/python"])


def test_nothing_starts_where_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot create a run"):
        launch(resolve("mlp-digits"), tmp_path / "file", command=["/nowhere/python"])


def test_a_warm_standby_becomes_the_worker(tmp_path: Path, fake: Fake, until: Until) -> None:
    standby = Standby(fake("long"))
    standby.start()
    standby.start()
    assert standby.wait_ready(30)
    path = launch(resolve("mlp-digits"), tmp_path, standby=standby, command=["/nowhere/python"])
    assert not standby.alive and not standby.ready
    standby.close()  # which must not touch the run
    until(lambda: status(path).step > 3)
    known = holder(RunPaths(path).lock)
    assert known is not None and os.getsid(known.pid) == known.pid
    assert wait(path, send(path, "stop"), timeout=30)["accepted"]
    assert last(path).status.state == "stopped"
    standby.start()  # the next one
    assert standby.wait_ready(30)
    standby.close()


@pytest.mark.parametrize("mode", ["refuses", "dies", "broken"])
def test_a_standby_that_does_not_take_the_run_is_replaced(
    tmp_path: Path, fake: Fake, mode: str
) -> None:
    standby = Standby(fake(mode))
    standby.start()
    standby.wait_ready(30)
    path = launch(resolve("mlp-digits"), tmp_path, standby=standby, command=fake("short"))
    assert last(path).status.state == "finished"
    standby.close()


def test_a_standby_that_is_lost_after_the_hand_over(tmp_path: Path, fake: Fake) -> None:
    standby = Standby(fake("lost"))
    standby.start()
    assert standby.wait_ready(30)
    view = last(launch(resolve("mlp-digits"), tmp_path, standby=standby))
    assert view.status.state == "failed"
    assert view.status.last_words == ("lost after the hand-over",)


def test_an_unwarmed_standby_is_not_waited_for(tmp_path: Path, fake: Fake) -> None:
    standby = Standby(fake("long"))
    path = launch(resolve("mlp-digits"), tmp_path, standby=standby, command=fake("short"))
    assert last(path).status.state == "finished"


OUTLIVED = """
import sys, time
from pathlib import Path
from tuiwb.client.launch import launch
from tuiwb.client.standby import Standby
from tuiwb.spec import resolve
standby = Standby(sys.argv[2:])
standby.start()
standby.wait_ready(30)
for warm in (standby, None):
    print(launch(resolve("mlp-digits"), Path(sys.argv[1]), standby=warm, command=sys.argv[2:]))
left = Standby(sys.argv[2:])
left.start()
left.wait_ready(30)
"""


def test_runs_outlive_their_client_and_a_waiting_standby_does_not(
    tmp_path: Path, fake: Fake, until: Until
) -> None:
    client = subprocess.run(
        [sys.executable, "-W", "error", "-c", OUTLIVED, tmp_path / "runs", *fake("long")],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (client.returncode, client.stderr) == (0, "")
    for path in map(Path, client.stdout.split()):
        step = status(path).step
        until(lambda path=path, step=step: status(path).step > step)
        wait(path, send(path, "stop"), timeout=30)
        assert last(path).status.state == "stopped"
    until(lambda: not standbys(tmp_path))


def standbys(tmp_path: Path) -> list[str]:
    """Processes of this test's stand-in that still wait."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(tmp_path) in line and "--standby" in line:
            found.append(line)
    return found


def test_a_hang_up_of_the_clients_terminal_does_not_reach_the_worker(
    tmp_path: Path, fake: Fake, until: Until
) -> None:
    # one that is started by nohup ignores hang-ups, and its children with it
    ends = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
    code = ends + OUTLIVED.partition("left =")[0] + "print(flush=True)\ntime.sleep(600)"
    client = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "runs", *fake("long")],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with client:
        assert client.stdout is not None
        paths = [Path(client.stdout.readline().strip()) for _ in range(2)]
        client.stdout.readline()
        os.killpg(client.pid, signal.SIGHUP)  # what a closed terminal does to its session
        client.wait()
    for path in paths:
        step = status(path).step
        until(lambda path=path, step=step: status(path).step > step)
        wait(path, send(path, "stop"), timeout=30)


def test_the_worker_is_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tuiwb").mkdir()
    (tmp_path / "tuiwb" / "__init__.py").write_text("raise SystemExit('a stranger ran')")
    monkeypatch.chdir(tmp_path)
    told = subprocess.run(
        [*worker_command()[:2], "-c", "import tuiwb; print(tuiwb.__file__)"],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(tmp_path) not in told.stdout


def test_the_default_folder_is_this_tests_own() -> None:
    assert runs_dir() == Path(os.environ["TUIWB_RUNS"])
