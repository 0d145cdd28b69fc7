"""A run as readers see it: alive, dead, half deleted, somebody else's."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tuiwb
from tuiwb.base.clock import FrozenClock
from tuiwb.base.errors import UserError
from tuiwb.run.facts import FINAL, MAX_EVENTS
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import WorkerLock, boot_id
from tuiwb.run.reader import RunReader
from tuiwb.run.status import PATIENCE, STALE
from tuiwb.run.view import RunView

WriteSteps = Callable[..., None]


def look(paths: RunPaths, now: float | None = None) -> RunView:
    clock = FrozenClock(time.time() if now is None else now)
    return RunReader(paths.root, clock).poll(None)


def say(paths: RunPaths, *states: str, at: float | None = None, **fields: Any) -> None:
    with Journal(paths.journal, FrozenClock(time.time() if at is None else at)) as journal:
        for state in states:
            journal.write("state", state=state, **fields)


def created(paths: RunPaths) -> float:
    return float(json.loads(paths.meta.read_text())["created"])


def test_a_new_run_waits_for_its_worker_and_then_counts_as_dead(paths: RunPaths) -> None:
    view = look(paths)
    assert (view.id, view.preset, view.problems, view.behind) == (
        "mlp-0001",
        "mlp-digits",
        (),
        False,
    )
    assert view.status.state == "starting"
    assert view.status.words == "starting: waiting for the worker"
    assert not view.status.ended_now
    late = look(paths, created(paths) + PATIENCE + 1).status
    assert (late.state, late.words) == ("crashed", "crashed at step 0, before it began")


def test_the_life_of_a_run(paths: RunPaths, write_steps: WriteSteps) -> None:
    reader = RunReader(paths.root)
    with WorkerLock(paths.lock):
        assert reader.poll().status.words == "starting"
        say(paths, "starting", doing="loading data")
        assert reader.poll().status.words == "starting: loading data"
        say(paths, "training")
        write_steps(1, 100)
        status = reader.poll().status
        assert (status.state, status.step, status.words) == ("training", 99, "training")
        assert status.steps == reader.poll().spec.spec.train.steps  # type: ignore[union-attr]
        say(paths, "paused")
        assert reader.poll().status.words == "paused at step 99"
        say(paths, "stopped", reason="you asked for it\x1b[31m")
        assert reader.poll().status.ended_now
    status = reader.poll().status
    assert status.words == "stopped at step 99: you asked for it␛[31m"
    assert status.ended is not None and status.started == created(paths)


@pytest.mark.parametrize("state", FINAL)
def test_final_states_are_final(paths: RunPaths, state: str) -> None:
    say(paths, "starting", "training", state)
    assert look(paths, time.time() + 1e6).status.state == state


def test_killed_is_crashed_with_last_words(paths: RunPaths, write_steps: WriteSteps) -> None:
    with WorkerLock(paths.lock):
        say(paths, "training")
        write_steps(1, 43)
    paths.log.write_bytes(b"warming up\n" * 100 + b"\n\x1b[31mCUDA error\xff\r\nGoodbye\n")
    status = look(paths).status
    assert (status.state, status.words, status.step) == ("crashed", "crashed at step 42", 42)
    assert status.last_words[-2:] == ("␛[31mCUDA error�", "Goodbye")
    assert len(status.last_words) == 12 and status.ended is not None


def test_a_worker_that_ends_while_it_is_looked_at_has_not_crashed(
    paths: RunPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = WorkerLock(paths.lock)
    lock.acquire()
    say(paths, "training")
    reader = RunReader(paths.root)
    read = reader._tail.read

    def ends_now(*args: Any) -> list[dict[str, Any]]:
        say(paths, "finished")
        lock.release()
        return read(*args)

    monkeypatch.setattr(reader._tail, "read", ends_now)
    assert reader.poll().status.state == "finished"


def test_another_machine_is_judged_by_its_heartbeat(paths: RunPaths) -> None:
    known = {"pid": 1, "boot_id": boot_id(), "started": 100.0, "host": "not" + socket.gethostname()}
    paths.lock.write_text(json.dumps(known))
    meta = json.loads(paths.meta.read_text()) | {"created": 100.0}
    paths.meta.write_text(json.dumps(meta))
    say(paths, "training", at=1000.0)
    assert look(paths, 1000.0 + STALE).status.state == "training"
    crashed = look(paths, 1001.0 + STALE).status
    assert (crashed.state, crashed.ended) == ("crashed", 1000.0)


def test_a_clock_that_is_ahead_keeps_nobody_alive(paths: RunPaths, write_steps: WriteSteps) -> None:
    now = created(paths)
    other = {"pid": 1, "boot_id": "b", "started": now, "host": "elsewhere"}
    paths.lock.write_text(json.dumps(other))
    say(paths, "training", at=now + 3600)
    write_steps(1, 11, time=now + 3600 - 20)
    clock = FrozenClock(now)
    with RunReader(paths.root, clock) as reader:
        assert reader.poll().status.state == "training"
        clock.advance(STALE)
        assert reader.poll().status.state == "training"
        say(paths, "training", at=now + 3605)  # it lives, an hour ahead of us
        assert reader.poll().status.state == "training"
        clock.advance(STALE + 1)
        assert reader.poll().status.state == "crashed"


def test_a_clock_that_was_set_back_makes_no_time_negative(paths: RunPaths) -> None:
    now = created(paths)
    say(paths, "training", at=now)
    say(paths, "finished", at=now - 7200)
    status = look(paths, now - 7300).status
    assert status.state == "finished" and status.took == 0.0


def test_a_hang_is_said_until_a_step_comes(paths: RunPaths, write_steps: WriteSteps) -> None:
    now = created(paths)
    with WorkerLock(paths.lock, FrozenClock(now)):
        say(paths, "training", at=now)
        write_steps(1, 51)
        with Journal(paths.journal, FrozenClock(now + 40)) as journal:
            journal.write("finding", 50, symptom="stall", evidence={"seconds": 35.0})
        assert look(paths, now + 45).status.words == "training: no step for 0:40"
        write_steps(51, 52)
        assert look(paths, now + 50).status.words == "training"


def test_why_a_worker_may_have_ended(paths: RunPaths) -> None:
    with WorkerLock(paths.lock):
        say(paths, "training")
    fault = "Fatal Python error: Segmentation fault"
    paths.log.write_text(f"12:00:00 starting: importing torch\n{fault}\n\nThread 0x1:\n")
    assert look(paths).status.words == "crashed at step 0: Segmentation fault"
    with paths.log.open("a") as log:
        log.write("12:10:00 starting: importing torch\n")
    assert look(paths).status.words == "crashed at step 0"
    paths.lock.write_text(paths.lock.read_text().replace(boot_id(), "an earlier boot"))
    assert look(paths).status.words == "crashed at step 0: the machine was restarted"


def test_a_resumed_run_is_not_over(paths: RunPaths) -> None:
    say(paths, "training", at=100.0)
    say(paths, "failed", at=200.0, reason="no memory")
    with Journal(paths.journal, FrozenClock(200.0)) as journal:
        journal.write("error", what="no memory", exit_code=2)
    status = look(paths).status
    assert (status.words, status.error is None) == ("failed at step 0: no memory", False)
    with WorkerLock(paths.lock, FrozenClock(300.0)):
        assert look(paths).status.state == "starting"
        say(paths, "starting", "training", at=300.0)
        status = look(paths).status
        assert (status.state, status.error, status.ended) == ("training", None, None)


def test_facts_of_the_journal(paths: RunPaths) -> None:
    with Journal(paths.journal) as journal:
        journal.write(
            "model", layers=[{"name": "a.b", "kind": "Linear", "parameters": 9}], parameters=9
        )
        journal.write("data", name="digits", baselines={"softmax": 0.96})
        journal.write("device", device="cpu")
        journal.write("evaluation", 10, metrics={"val_loss": float("nan"), "val_accuracy": 0.5})
        journal.write("finding", 11, symptom="plateau")
        journal.write("something new", 12, x=1)
    view = look(paths)
    assert [(x.name, x.kind, x.parameters) for x in view.layers] == [("a.b", "Linear", 9)]
    assert (view.parameters, view.baselines, view.device["device"]) == (9, {"softmax": 0.96}, "cpu")
    assert (
        view.metrics["val_accuracy"] == 0.5 and view.metrics["val_loss"] != view.metrics["val_loss"]
    )
    assert [f["symptom"] for f in view.findings] == ["plateau"]
    assert [e["kind"] for e in view.events][-1] == "something new"
    assert view.status.step == 12


@pytest.mark.parametrize("kind", ["state", "model", "data", "device", "evaluation", "error"])
@pytest.mark.parametrize("value", ["null", "[]", "[1]", "{}", '"x"', "1e999", '{"a": {}}', "-1"])
def test_odd_events_are_passed_by(paths: RunPaths, kind: str, value: str) -> None:
    names = ("state", "doing", "reason", "layers", "parameters", "baselines", "metrics", "what")
    fields = ", ".join(f'"{name}": {value}' for name in names)
    paths.journal.write_text(f'{{"kind": "{kind}", {fields}}}\n')
    look(paths)


def test_nothing_new_is_the_same_object(paths: RunPaths, write_steps: WriteSteps) -> None:
    say(paths, "training", "finished")
    write_steps(1, 10)
    reader = RunReader(paths.root)
    first = reader.poll()
    assert reader.poll() is first
    write_steps(10, 11)
    second = reader.poll()
    assert second is not first and second.events is first.events
    assert reader.poll() is second


def test_two_readers_agree(paths: RunPaths, write_steps: WriteSteps) -> None:
    one, two = RunReader(paths.root), RunReader(paths.root)
    with WorkerLock(paths.lock):
        say(paths, "training")
        for start in range(1, 500, 100):
            write_steps(start, start + 100)
            a, b = one.poll(), two.poll()
            assert (a.status, a.events) == (b.status, b.events)
            assert a.tables["steps"].tail(7).tobytes() == b.tables["steps"].tail(7).tobytes()


def test_polls_are_bounded_and_get_further(paths: RunPaths, write_steps: WriteSteps) -> None:
    with Journal(paths.journal) as journal:
        for step in range(150):
            journal.write("note", step, text="x" * 100_000)
        journal.write("state", 150, state="finished")
    reader = RunReader(paths.root)
    view = reader.poll(0.0)
    assert view.behind and view.status.state == "starting"  # not declared dead unread
    polls = 1
    while view.behind:
        view, polls = reader.poll(0.0), polls + 1
    assert polls > 2 and view.status.state == "finished" and len(view.events) == 151


def test_events_are_kept_up_to_a_bound(paths: RunPaths) -> None:
    head = '{"kind": "model", "layers": [{"name": "a"}]}\n'
    paths.journal.write_text(head + '{"kind": "note", "step": 3}\n' * (MAX_EVENTS + 10))
    view = look(paths)
    assert len(view.events) == MAX_EVENTS and view.layers[0].name == "a"


PARTS = ("spec.toml", "meta.json", "journal.jsonl", "tables", "worker.lock", "inbox", "worker.log")


def whole_run(paths: RunPaths, write_steps: WriteSteps) -> None:
    with WorkerLock(paths.lock):
        say(paths, "training")
        write_steps(1, 20)
        say(paths, "finished")


def delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()


def test_half_deleted_in_every_way(
    paths: RunPaths, write_steps: WriteSteps, tmp_path: Path
) -> None:
    whole_run(paths, write_steps)
    for count in (1, 2, 4, 5, 7):
        for gone in itertools.combinations(PARTS, count):
            if count in (4, 5) and not {"meta.json", "journal.jsonl", "tables"} <= set(gone):
                continue  # the cases around "nothing is left"
            copy = tmp_path / "copy" / "half"
            shutil.copytree(paths.root, copy)
            live = RunReader(copy)
            live.poll().tables["steps"].envelope("loss", 5)
            for part in gone:
                delete(copy / part)
            live.poll()
            try:
                view = RunReader(copy).poll()
                told = "\n".join(view.problems)
                for part in set(gone) & {"spec.toml", "meta.json", "journal.jsonl", "tables"}:
                    assert f"{part}: missing" in told
                if "tables" not in gone:
                    assert view.tables["steps"].rows == 19
                if "journal.jsonl" not in gone:
                    assert view.status.state == "finished"
            except UserError as error:
                assert "is not a run" in str(error)
                assert {"spec.toml", "meta.json", "journal.jsonl", "tables"} <= set(gone)
            shutil.rmtree(copy)
            live.poll()


def test_deleted_while_it_is_followed(paths: RunPaths, write_steps: WriteSteps) -> None:
    with WorkerLock(paths.lock):
        say(paths, "training")
        write_steps(1, 20)
        reader = RunReader(paths.root)
        reader.poll()
        shutil.rmtree(paths.root)
        view = reader.poll()
    assert (view.status.state, view.status.words) == (
        "crashed",
        "crashed at step 19: its folder is gone",
    )
    assert view.table("steps").envelope("loss", 100).x.tolist() == list(range(1, 20))
    assert reader.poll() is view


def test_a_finished_run_that_is_deleted_stays_finished(paths: RunPaths) -> None:
    say(paths, "finished")
    reader = RunReader(paths.root)
    reader.poll()
    shutil.rmtree(paths.root)
    view = reader.poll()
    assert view.status.state == "finished" and "the folder is gone" in view.problems


def error_of(path: Path) -> str:
    with pytest.raises(UserError) as told:
        RunReader(path)
    return str(told.value)


def test_what_is_not_a_run_is_refused_in_words(tmp_path: Path, paths: RunPaths) -> None:
    text = error_of(paths.root.with_name("mlp-001"))
    assert "there is no run mlp-001" in text and "nearest:  mlp-0001" in text
    (tmp_path / "empty").mkdir()
    assert "empty is not a run: the folder is empty" in error_of(tmp_path / "empty")
    (tmp_path / "file").write_text("x")
    assert "file is not a run: a file, not a folder" in error_of(tmp_path / "file")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat\x1b[31m.jpg").write_text("x")
    text = error_of(tmp_path / "photos")
    assert "photos is not a run, or one of which nothing is left" in text
    assert "cat␛[31m.jpg" in text and "tuiwb ls" in text


def test_a_newer_version_is_refused_in_words(paths: RunPaths) -> None:
    paths.meta.write_text('{"format": 2}')
    text = error_of(paths.root)
    assert "mlp-0001 was written by a newer tuiwb" in text
    assert "format 2" in text and "format 1 or older" in text and "upgrade" in text


@pytest.mark.parametrize("name", ["spec.toml", "meta.json", "journal.jsonl", "worker.lock"])
@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe\x00", b"[" * 100_000, b"x" * 2_000_000, b"[data]\nname = 3", b"null"]
)
def test_damaged_files_are_said_not_raised(
    paths: RunPaths, write_steps: WriteSteps, name: str, data: bytes
) -> None:
    whole_run(paths, write_steps)
    (paths.root / name).write_bytes(data)
    view = look(paths)
    assert view.tables["steps"].rows == 19
    if name in ("spec.toml", "meta.json"):
        assert any(problem.startswith(f"{name}: ") for problem in view.problems)


@pytest.mark.parametrize("name", ["spec.toml", "meta.json", "journal.jsonl", "worker.log"])
def test_links_out_of_the_run_are_not_followed(paths: RunPaths, tmp_path: Path, name: str) -> None:
    say(paths, "training")
    secret = tmp_path / "secret"
    secret.write_text('{"kind": "note", "text": "secret"}\n')
    (paths.root / name).unlink()
    (paths.root / name).symlink_to(secret)
    view = look(paths, time.time() + 1e6)
    assert "secret" not in repr((view.meta, view.events, view.status, view.spec))


WRITER = """
import sys
from pathlib import Path
import numpy as np
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import WorkerLock
from tuiwb.run.schema import dtype_steps
from tuiwb.run.table import TableWriter
paths = RunPaths(Path(sys.argv[1]))
lock = WorkerLock(paths.lock)
lock.acquire()
journal = Journal(paths.journal)
journal.write("state", state="training")
table = TableWriter(paths.tables, "steps", dtype_steps())
row = np.zeros(1, table.dtype)
for step in range(1, 30_001):
    row["step"] = step
    row["loss"] = 1 / step
    table.append(row)
    if step % 100 == 0:
        journal.write("evaluation", step, metrics={"val_loss": 1 / step})
journal.write("state", step, state="finished")
"""


def test_a_reader_while_a_worker_writes(paths: RunPaths) -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(tuiwb.__file__).parents[1])}
    reader = RunReader(paths.root)
    with subprocess.Popen([sys.executable, "-c", WRITER, paths.root], env=env):
        rows = events = 0
        while True:
            view = reader.poll()
            table = view.table("steps")
            assert table.rows >= rows and len(view.events) >= events
            rows, events = table.rows, len(view.events)
            curve = table.envelope("loss", 100)
            if rows:
                assert curve.high.max() == 1.0 and curve.x[-1] <= rows
                assert table.last("step") == rows
            assert view.status.state != "crashed"
            if view.status.state == "finished":
                break
    assert rows == 30_000 and view.metrics == {"val_loss": 1 / 30_000}
