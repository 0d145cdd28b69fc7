"""The journal: one event a line, whole or not there."""

from __future__ import annotations

import errno
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.base.clock import FrozenClock
from tuiwb.run import journal as journal_module
from tuiwb.run.journal import MAX_LINE, Journal, JournalTail, last_events, parse_event

CLOCK = FrozenClock(1000.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def kinds(path: Path) -> list[str]:
    return [event["kind"] for event in JournalTail(path).read()]


def test_events_come_back_as_written(path: Path) -> None:
    with Journal(path, CLOCK) as journal:
        told = journal.write("evaluation", 7, metrics={"val_loss": 0.5}, best=True)
    assert told == {
        "time": 1000.0,
        "step": 7,
        "kind": "evaluation",
        "metrics": {"val_loss": 0.5},
        "best": True,
    }
    assert JournalTail(path).read() == [told] == last_events(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_line_is_json_whatever_is_written(path: Path) -> None:
    with Journal(path, CLOCK) as journal:
        journal.write(
            "note",
            np.int64(3),  # type: ignore[arg-type]
            text="two\nlines \x1b[31m \ud800 é",
            values=[math.nan, math.inf, np.float32(0.5), np.arange(2)],
            path=Path("/x"),
        )
    line = path.read_text("utf-8")
    assert line.count("\n") == 1

    def refuse(constant: str) -> Any:
        pytest.fail(f"{constant} is not JSON")

    event = json.loads(line, parse_constant=refuse)
    assert event["values"] == [None, None, 0.5, [0, 1]]
    assert (event["step"], event["path"]) == (3, "/x")


def test_a_very_long_text_is_clipped_and_a_very_large_event_refused(path: Path) -> None:
    with Journal(path, CLOCK) as journal:
        journal.write("error", traceback="x" * (2 * MAX_LINE), what="it broke")
        with pytest.raises(ValueError, match="a journal event of"):
            journal.write("note", values=list(range(MAX_LINE // 4)))
    (event,) = JournalTail(path).read()
    assert event["what"] == "it broke" and event["traceback"].endswith("…")


def test_cut_at_every_byte_reopened_appended_read(path: Path) -> None:
    with Journal(path, CLOCK) as journal:
        for kind in ("one", "two", "three"):
            journal.write(kind, note="é")
    whole = path.read_bytes()
    ends = [i for i, byte in enumerate(whole) if byte == 0x0A]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        lines = sum(end < cut for end in ends)
        assert kinds(path) == ["one", "two", "three"][:lines], f"cut at byte {cut}"
        # a line that lacks nothing but its newline is whole
        survivors = sum(end <= cut for end in ends)
        with Journal(path, CLOCK) as journal:
            journal.write("four")
        assert kinds(path) == [*["one", "two", "three"][:survivors], "four"], f"cut at byte {cut}"


def test_a_reader_waits_for_the_rest_of_a_line(path: Path) -> None:
    whole = b'{"time": 1, "step": null, "kind": "note"}\n'
    tail, seen = JournalTail(path), 0
    assert tail.read() == []
    for end in range(1, 2 * len(whole) + 1):
        path.write_bytes((2 * whole)[:end])
        seen += len(tail.read())
        assert seen == end // len(whole)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"kind": 3}',
        b'{"time": 1}',
        b"[" * 100_000,
        b'{"kind": "x", "n": ' + b"9" * 5000 + b"}",
        b'{"kind": "' + b"x" * MAX_LINE + b'"}',
    ],
)
def test_a_bad_line_is_passed_by(path: Path, line: bytes) -> None:
    good = b'{"time": 1, "step": 2, "kind": "good"}\n'
    path.write_bytes(good + line + b"\n" + good)
    assert kinds(path) == ["good", "good"]
    with Journal(path, CLOCK) as journal:
        journal.write("more")
    assert kinds(path) == ["good", "good", "more"]


@given(st.binary(max_size=300))
def test_no_bytes_can_raise(data: bytes) -> None:
    for line in data.split(b"\n"):
        event = parse_event(line)
        assert event is None or isinstance(event["kind"], str)


@pytest.mark.parametrize("time", ["1e999", "NaN", '"soon"', "null", "[]", "-1e300", "true"])
@pytest.mark.parametrize("step", ["1e3", "-4", '"x"', "99999999999999999999999"])
def test_odd_times_and_steps_are_made_plain(time: str, step: str) -> None:
    event = parse_event(f'{{"kind": "x", "time": {time}, "step": {step}}}'.encode())
    assert event is not None
    assert isinstance(event["time"], float) and math.isfinite(event["time"])
    assert event["step"] is None


def test_an_overlong_line_is_not_gathered(path: Path) -> None:
    good = b'{"time": 1, "step": 2, "kind": "good"}\n'
    path.write_bytes(good + b"x" * (3 * MAX_LINE))
    tail = JournalTail(path)
    found = tail.read(limit=1)
    while tail.behind:
        found += tail.read(limit=1)
    with path.open("ab") as file:
        file.write(b"\n" + good)
    found += tail.read()
    assert len(found) == 2


def test_reads_are_bounded_and_say_so(path: Path) -> None:
    with Journal(path, CLOCK) as journal:
        for n in range(60):
            journal.write("note", n, text="x" * 50_000)
    tail = JournalTail(path)
    first = tail.read(limit=1)
    assert tail.behind and 0 < len(first) < 60
    found = first
    while tail.behind:
        found += tail.read(limit=1)
    assert [event["step"] for event in found] == list(range(60))


@pytest.mark.parametrize("how", ["replaced", "cut"])
def test_a_journal_that_was_replaced_is_read_anew(path: Path, how: str) -> None:
    restarts: list[None] = []
    tail = JournalTail(path, lambda: restarts.append(None))
    path.write_bytes(b'{"kind": "one"}\n{"kind": "two"}\n')
    assert len(tail.read()) == 2 and not restarts
    if how == "replaced":
        (path.parent / "new").write_bytes(b'{"kind": "one"}\n{"kind": "two"}\n{"kind": "3"}\n')
        os.replace(path.parent / "new", path)
    else:
        path.write_bytes(b'{"kind": "3"}\n')
    assert [event["kind"] for event in tail.read()][-1] == "3"
    assert len(restarts) == 1


def test_a_link_is_not_followed_and_a_pipe_does_not_block(path: Path) -> None:
    (path.parent / "outside").write_bytes(b'{"kind": "secret"}\n')
    path.symlink_to(path.parent / "outside")
    assert JournalTail(path).read() == []
    with pytest.raises(OSError, match=r"."):
        Journal(path)
    path.unlink()
    os.mkfifo(path)
    assert JournalTail(path).read() == []


def test_disk_full_leaves_no_half_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    room = [10]

    def full(fd: int, data: bytes) -> int:
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(fd, bytes(data)[: room.pop()])

    with Journal(path, CLOCK) as journal:
        journal.write("one")
        with monkeypatch.context() as patched, pytest.raises(OSError, match="No space left"):
            patched.setattr(journal_module.os, "write", full)
            journal.write("two")
        journal.write("three")
    assert kinds(path) == ["one", "three"]


def test_texts_cannot_drive_a_terminal(path: Path) -> None:
    path.write_text('{"kind": "note", "text": "\\u001b]0;x\\u0007", "\\u001b": ["\\u009b"]}\n')
    (event,) = JournalTail(path).read()
    assert event["text"] == "␛]0;x␇" and event["␛"] == ["·"]
