"""A note is the same line of the journal, whoever writes it."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from tests.cli.recorded import record
from tuiwb.base.errors import UserError
from tuiwb.client.notes import LONGEST, note
from tuiwb.run import inbox
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.listing import list_runs
from tuiwb.run.lock import WorkerLock, holder
from tuiwb.run.reader import RunReader


def notes(path: Path) -> list[dict[str, object]]:
    lines = RunPaths(path).journal.read_text().splitlines()
    return [event for line in lines if (event := json.loads(line))["kind"] == "note"]


def test_a_run_that_is_over_is_noted_and_stays_over(tmp_path: Path) -> None:
    path = record(tmp_path)
    signed = holder(RunPaths(path).lock)
    event = note(path, "  too\nfast ")
    assert (event["text"], event["step"], event["by"]) == ("too fast", 100, "cli")
    assert [e["text"] for e in notes(path)] == ["too fast"]
    assert holder(RunPaths(path).lock) == signed, "who trained it is still known"
    (run,) = list_runs(tmp_path)
    assert (run.state, run.note) == ("finished", "too fast")
    with RunReader(path) as reader:
        assert reader.poll(None).status.state == "finished"


def test_a_note_is_found_behind_a_long_journal(tmp_path: Path) -> None:
    path = record(tmp_path)
    note(path, "long ago")
    with Journal(RunPaths(path).journal) as journal:
        for _ in range(1500):
            journal.write("warning", text="x" * 100)
    assert list_runs(tmp_path)[0].note == "long ago"


def test_what_data_and_workers_note_is_no_note_of_a_person(tmp_path: Path) -> None:
    path = record(tmp_path)
    with Journal(RunPaths(path).journal) as journal:
        journal.write("note", text="three values are missing", by="data")
    assert list_runs(tmp_path)[0].note == ""


def test_of_a_live_run_the_worker_is_asked(tmp_path: Path) -> None:
    path = record(tmp_path, state=None)
    paths = RunPaths(path)
    over = threading.Event()

    def work() -> None:
        with WorkerLock(paths.lock), Journal(paths.journal) as journal:
            journal.write("state", 100, state="training")
            ready.set()
            while not over.is_set():
                for asked in inbox.take(paths):
                    journal.write("note", 101, text=asked.args["text"], by=asked.by)
                    journal.write("command", 101, id=asked.id, command="note", accepted=True)
                    inbox.done(asked)
                time.sleep(0.01)

    ready = threading.Event()
    worker = threading.Thread(target=work)
    worker.start()
    ready.wait(10)
    try:
        answer = note(path, "while it trains")
    finally:
        over.set()
        worker.join()
    assert answer["accepted"] and answer["step"] == 101
    assert [(e["text"], e["step"], e["by"]) for e in notes(path)] == [
        ("while it trains", 101, "cli")
    ]


@pytest.mark.parametrize("text", ["", "  \n ", "x" * (LONGEST + 1)])
def test_what_is_no_note(tmp_path: Path, text: str) -> None:
    path = record(tmp_path)
    with pytest.raises(UserError, match="a note is a line of text"):
        note(path, text)
    assert notes(path) == []
