"""Workers forked from one warm process: what a cold one trains, bit for bit."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from tuiwb.client.follow import follow
from tuiwb.client.launch import launch
from tuiwb.client.process import worker_command
from tuiwb.client.warm import Warm
from tuiwb.run.create import create
from tuiwb.run.layout import RunPaths
from tuiwb.run.view import RunView
from tuiwb.spec import resolve
from tuiwb.worker import forking

SHORT = ("train.steps=30", "train.eval_every=15", "train.device=cpu", "train.threads=1")


def last(path: Path) -> RunView:
    return list(follow(path, 0.01))[-1]


def peak(view: RunView) -> int:
    return int(view.events[-1]["peak_memory"])


def losses(view: RunView) -> np.ndarray:
    return view.table("steps").tail(30)["loss"]


@pytest.mark.slow
def test_a_forked_worker_trains_the_same_bits(tmp_path: Path) -> None:
    spec = resolve("mlp-digits", SHORT)
    alone = last(launch(spec, tmp_path))
    with Warm(worker_command()) as warm:
        forked = [last(launch(spec, tmp_path, standby=warm)) for _ in range(2)]
        broken = create(tmp_path, spec)
        RunPaths(broken).spec.unlink()
        assert warm.hand_over(broken)
        told = last(broken).status
        assert warm.ready  # it has waited on
    for view in forked:
        assert view.status.state == "finished"
        assert (losses(view) == losses(alone)).all()
        assert view.metrics == alone.metrics
        # what torch takes counts, shared with the one that it was forked from or not
        assert abs(peak(view) - peak(alone)) < 0.2 * peak(alone)
        assert RunPaths(view.path).log.read_text("utf-8")  # its words are in its own log
    assert told.words == "failed at step 0: the worker ended before it began: exit code 2"
    assert "not a run directory" in " ".join(told.last_words)


def test_no_fork_where_a_thread_would_be_lost() -> None:
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        assert "threads" in forking.obstacle()
    finally:
        over.set()
        thread.join()


def test_no_fork_beside_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forking, "DRIVERS", ("/dev/null",))
    monkeypatch.setattr(forking.os, "listdir", lambda path: ["1"])
    assert "driver" in forking.obstacle()
    monkeypatch.setattr(forking, "DRIVERS", ())
    assert not forking.obstacle()
