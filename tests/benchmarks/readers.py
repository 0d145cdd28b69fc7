"""Very many readers on one run: what each of them costs, and what the training notices.

    python -m tests.benchmarks.readers [READERS] [SECONDS]

A preset trains in a process of its own; every reader is a process too, and does four times a second
what a screen on that run does: look for what is new, and draw the loss. Pace of the training with
and without readers is taken in turns, so that a machine whose speed drifts treats both alike.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from tuiwb.client.commands import send
from tuiwb.client.follow import follow
from tuiwb.client.launch import launch
from tuiwb.run.reader import RunReader
from tuiwb.run.view import RunView
from tuiwb.spec import resolve

READERS = 32
LOOK = 0.25
"""Seconds between two looks of a reader."""
TURNS = 3
LONG = ("train.steps=100000000", "train.eval_every=0", "train.device=cpu")
WIDTH = 400


@dataclass(frozen=True)
class Measured:
    """``alone`` and ``read`` are steps per second without and with the readers."""

    readers: int
    alone: float
    read: float
    look: float
    """Seconds of the processor that one look of one reader takes."""
    late: float
    """Seconds after which a reader had a step, the median."""
    looks: int

    @property
    def share(self) -> float:
        """Of one core, that all readers take together."""
        return self.readers * self.look / LOOK

    def __str__(self) -> str:
        return (
            f"{self.readers} readers: {self.alone:.0f} steps/s without them, {self.read:.0f} with; "
            f"a look takes {self.look * 1e3:.2f} ms of the processor, so all take "
            f"{self.share:.0%} of one core; a step is seen after {self.late * 1e3:.0f} ms"
        )


def read(path: str, told: Connection) -> None:
    """One reader, until it is told to stop: sends its looks, seconds and delays."""
    with RunReader(Path(path)) as reader:
        reader.poll(None).table("steps").envelope("loss", WIDTH)
        began, looks, late = time.process_time(), 0, []
        last = 0
        told.send("ready")
        while not told.poll(LOOK):
            view = reader.poll()
            steps = view.table("steps")
            steps.envelope("loss", WIDTH)
            newest = steps.tail(1)
            late.append(time.time() - float(newest["time"][0]))
            assert int(newest["step"][0]) == steps.rows >= last, "a row is lost or doubled"
            last, looks = steps.rows, looks + 1
        told.send((looks, time.process_time() - began, float(np.median(late))))


@contextmanager
def many(path: Path, readers: int) -> Iterator[list[tuple[int, float, float]]]:
    """So many readers while this is open; then what each has to tell."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    pipes = [context.Pipe() for _ in range(readers)]
    children = [context.Process(target=read, args=(str(path), theirs)) for _, theirs in pipes]
    for child in children:
        child.start()
    told: list[tuple[int, float, float]] = []
    for ours, _ in pipes:
        assert ours.recv() == "ready"
    try:
        yield told
    finally:
        for ours, _ in pipes:
            ours.send("stop")
        told += [ours.recv() for ours, _ in pipes]
        for child in children:
            child.join()


def steps_in(path: Path, seconds: float) -> float:
    """Steps per second that the run makes from now on."""
    with RunReader(path) as reader:
        before, began = reader.poll(None).table("steps").rows, time.perf_counter()
        time.sleep(seconds)
        after = reader.poll(None).table("steps").rows
        return (after - before) / (time.perf_counter() - began)


def measure(readers: int, seconds: float, preset: str = "mlp-digits") -> Measured:
    """A run that is watched by so many, and by nobody, in turns of ``seconds``."""
    with tempfile.TemporaryDirectory() as place:
        path = launch(resolve(preset, LONG), Path(place))
        try:
            _until_it_trains(path)
            alone, read, told = [], [], []
            for _ in range(TURNS):
                alone.append(steps_in(path, seconds))
                with many(path, readers) as found:
                    read.append(steps_in(path, seconds))
                told += found
        finally:
            send(path, "stop", by="benchmark")
            for view in follow(path, 0.05):
                ended = view
    assert ended.status.state == "stopped", ended.status.words
    looks = sum(one[0] for one in told)
    return Measured(
        readers,
        float(np.median(alone)),
        float(np.median(read)),
        sum(one[1] for one in told) / looks,
        float(np.median([one[2] for one in told])),
        looks,
    )


def _until_it_trains(path: Path) -> RunView:
    for view in follow(path, 0.05):
        if view.status.step > 200:
            return view
    raise RuntimeError(f"it has ended: {view.status.words}")


if __name__ == "__main__":
    asked = [float(word) for word in sys.argv[1:]]
    print(measure(int(asked[0]) if asked else READERS, asked[1] if len(asked) > 1 else 5.0))
