"""One row a second, for readers and for the doctor; and a hang that it sees."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from tuiwb.base.clock import FrozenClock
from tuiwb.run import schema
from tuiwb.run.journal import Journal, JournalTail
from tuiwb.run.layout import RunPaths
from tuiwb.run.table import TableWriter
from tuiwb.worker.heartbeat import Heartbeat
from tuiwb.worker.sink import RunSink
from tuiwb.worker.stalled import StallWatch


def test_a_beat_is_a_row_for_readers_and_one_for_the_doctor(tmp_path: Path) -> None:
    paths = RunPaths(tmp_path)
    paths.tables.mkdir()
    with Journal(paths.journal) as journal:
        sink = RunSink(paths, journal)
        heartbeat = Heartbeat(paths, sink)
        table = TableWriter(paths.tables, schema.SYSTEM, schema.dtype_system())
        for step in (3, 5, 8):
            sink.last_step = step
            heartbeat.beat(table)
        table.close()
    (file,) = paths.tables.glob("system.*")
    rows = np.load(file)
    assert rows["step"].tolist() == [3, 5, 8]
    assert (rows["rss"] > 0).all()
    system = sink.rounds.window(now=0.0).system
    assert system["step"].tolist() == [3, 5, 8]
    assert system["rss"].tolist() == rows["rss"].tolist()


def test_beats_go_on_while_a_step_hangs_and_say_so_once(tmp_path: Path) -> None:
    paths = RunPaths(tmp_path)
    paths.tables.mkdir()
    clock = FrozenClock(1000.0)
    with Journal(paths.journal) as journal:
        sink = RunSink(paths, journal)
        heartbeat = Heartbeat(paths, sink)
        heartbeat.stalled = StallWatch(sink.rounds, sink.event, threading.get_ident(), clock)
        table = TableWriter(paths.tables, schema.SYSTEM, schema.dtype_system())
        for _ in range(700):
            clock.advance(1)
            heartbeat.beat(table)
        table.close()
    (finding,) = JournalTail(paths.journal).read()
    assert finding["symptom"] == "stall"
    # this thread is the one that trains, and here is where it stands
    assert "test_beats_go_on_while_a_step_hangs" in "".join(finding["evidence"]["stack"])
