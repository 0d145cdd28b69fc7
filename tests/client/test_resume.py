"""Resuming: who may, who is told why not, and that the run is being trained when it returns."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tuiwb.base.errors import UserError
from tuiwb.client import resume as module
from tuiwb.client.follow import follow
from tuiwb.client.launch import launch
from tuiwb.client.resume import resume, told
from tuiwb.client.standby import Standby
from tuiwb.run.create import create, create_watched
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import WorkerLock, holder
from tuiwb.run.meta import read_meta
from tuiwb.run.reader import RunReader
from tuiwb.run.status import Status
from tuiwb.run.view import RunView
from tuiwb.run.world import World, world_of
from tuiwb.spec import resolve

Fake = Callable[[str], list[str]]
Until = Callable[[Callable[[], object]], None]


def status(path: Path) -> Status:
    with RunReader(path) as reader:
        return reader.poll(None).status


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Path]:
    """A run whose last worker has left, and whose next one is killed in the end."""
    path = create(tmp_path / "runs", resolve("mlp-digits"))
    with Journal(RunPaths(path).journal) as journal:
        journal.write("state", state="starting")
        journal.write("state", 7, state="stopped", reason="as asked")
    yield path
    held = holder(RunPaths(path).lock)
    if held is not None and held.alive and held.pid != os.getpid():
        os.kill(held.pid, 9)


def test_the_run_is_alive_when_it_returns(stopped: Path, fake: Fake) -> None:
    began = resume(stopped, command=fake("normal"))
    held = holder(RunPaths(stopped).lock)
    assert held is not None and held.alive and held.started >= began
    assert not status(stopped).ended_now


def test_it_goes_on_with_another_number_of_processes(stopped: Path, fake: Fake) -> None:
    resume(stopped, processes=3, command=fake("normal"))
    assert world_of(read_meta(RunPaths(stopped))[0]) == World(3)
    with pytest.raises(UserError, match="is being trained"):
        resume(stopped, processes=2, command=fake("normal"))
    assert world_of(read_meta(RunPaths(stopped))[0]) == World(3), "they train it"


def test_one_that_is_over_at_once_is_followed_to_its_end(stopped: Path, fake: Fake) -> None:
    resume(stopped, command=fake("short"))
    *_, view = follow(stopped, 0.01)
    assert view.status.words.startswith("finished at step 50")


def test_a_worker_that_dies_before_it_speaks_is_spoken_for(stopped: Path, fake: Fake) -> None:
    resume(stopped, command=fake("broken"))
    found = status(stopped)
    assert found.state == "failed" and "ended before it began" in found.words
    assert any("no torch here" in line for line in found.last_words)


def test_a_live_run_is_refused_with_its_process(
    tmp_path: Path, fake: Fake, stopped: Path, until: Until
) -> None:
    resume(stopped, command=fake("normal"))
    with pytest.raises(UserError, match="is being trained") as caught:
        resume(stopped, command=fake("normal"))
    held = holder(RunPaths(stopped).lock)
    assert held is not None and f"process {held.pid} on" in caught.value.found
    assert "tuiwb attach" in caught.value.next and "stop" in caught.value.next


def test_a_paused_run_is_told_how_it_goes_on(stopped: Path) -> None:
    paths = RunPaths(stopped)
    with WorkerLock(paths.lock), Journal(paths.journal) as journal:
        journal.write("state", state="paused")
        with pytest.raises(UserError, match="tuiwb ctl mlp-digits-0001 resume"):
            resume(stopped)


def test_a_new_run_that_waits_for_its_worker_is_left_to_it(tmp_path: Path) -> None:
    path = create(tmp_path, resolve("mlp-digits"))
    with pytest.raises(UserError, match="is being trained"):
        resume(path)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("finished", "tuiwb fork mlp-digits-0001 --at 7"),
        ("no spec", "its spec cannot be read"),
        ("code", "code that you have not allowed"),
    ],
)
def test_what_cannot_be_resumed(stopped: Path, fake: Fake, how: str, words: str) -> None:
    paths = RunPaths(stopped)
    if how == "finished":
        with Journal(paths.journal) as journal:
            journal.write("state", 7, state="finished")
    elif how == "no spec":
        paths.spec.write_text("[model\n")
    else:
        (stopped.parent / "theirs.py").write_text("raise SystemExit('it ran')\n")
        text = paths.spec.read_text()
        paths.spec.write_text(text.replace('name = "mlp"', 'name = "theirs:Net"'))
        meta = json.loads(paths.meta.read_text())
        paths.meta.write_text(json.dumps(meta | {"folder": str(stopped.parent)}))
    before = paths.journal.read_bytes()
    with pytest.raises(UserError) as caught:
        resume(stopped, command=fake("normal"))
    assert words in str(caught.value), str(caught.value)
    assert paths.journal.read_bytes() == before
    assert holder(paths.lock) is None


def test_a_loop_of_ones_own_and_what_is_no_run(tmp_path: Path) -> None:
    mine = create_watched(tmp_path, "mine", {}, "log")
    with pytest.raises(UserError, match="a loop of your own"):
        resume(mine)
    with pytest.raises(UserError, match="there is no run"):
        resume(tmp_path / "nowhere")


@pytest.mark.parametrize("how", ["cold", "becomes", "forks"])
def test_whoever_comes_second_is_told(
    stopped: Path, fake: Fake, until: Until, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The run was free when the second one looked, and taken when its worker came."""
    look = module.refuse

    def taken_meanwhile(view: RunView) -> None:
        monkeypatch.setattr(module, "refuse", look)
        resume(stopped, command=fake("normal"))

    standby = Standby(fake("normal"), forks=how == "forks")
    if how != "cold":
        standby.start()
        assert standby.wait_ready(30)
    monkeypatch.setattr(module, "refuse", taken_meanwhile)
    with pytest.raises(UserError, match="being resumed by somebody else") as caught:
        resume(stopped, command=fake("normal"), standby=standby)
    assert standby.worker is None if how == "cold" else standby.worker not in (None, os.getpid())
    held = holder(RunPaths(stopped).lock)
    assert held is not None and f"process {held.pid}" in caught.value.found
    # the second waits for the lock a little: it must be gone before the first one is killed
    until(lambda: how == "forks" or len(RunPaths(stopped).log.read_text()) > 0)
    standby.close()
    if how == "forks" and standby.worker is not None:  # what was forked goes on waiting
        with suppress(ProcessLookupError):
            os.kill(standby.worker, signal.SIGKILL)


def test_what_the_worker_says_until_it_trains(stopped: Path) -> None:
    with Journal(RunPaths(stopped).journal) as journal:
        journal.write("warning", text="of the worker before")
        began = journal.write("note", text="between")["time"] + 1e-6
        journal.write("state", state="starting")
        journal.write("resumed", 5, from_step=5)
        journal.write("warning", text="another torch")
        journal.write("state", state="training")
        journal.write("warning", text="later")
    found = list(told(stopped, began))
    assert [event["kind"] for event in found] == ["resumed", "warning"]
    assert found[1]["text"] == "another torch"


def test_a_launched_run_that_crashed_goes_on(tmp_path: Path, fake: Fake, until: Until) -> None:
    path = launch(resolve("mlp-digits"), tmp_path / "runs", command=fake("crash"))
    until(lambda: status(path).state == "crashed")
    resume(path, command=fake("short"))
    *_, view = follow(path, 0.01)
    assert view.status.state == "finished"
    assert view.table("steps").rows == 50
