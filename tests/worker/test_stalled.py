"""A step that hangs is found from beside it, once, with the place where it hangs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tuiwb.base.clock import FrozenClock
from tuiwb.run import schema
from tuiwb.worker.rounds import Rounds
from tuiwb.worker.stalled import ASLEEP, LONG, StallWatch


class Trainer:
    """A thread that stands where it is told to, and a watch on it with a clock of the test's."""

    def __init__(self) -> None:
        self.clock = FrozenClock(1000.0)
        self.events: list[dict[str, Any]] = []
        self.rounds = Rounds(self.event)
        dtype = schema.dtype_steps()
        self.rounds.begin(dtype, np.dtype([("step", "<i8")]))
        self._row = np.zeros(1, dtype)
        self._stands, self._go = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self.wait_for_a_batch, daemon=True)
        self._thread.start()
        assert self._stands.wait(10)
        assert self._thread.ident is not None
        self.watch = StallWatch(self.rounds, self.event, self._thread.ident, self.clock)
        self.step = 0

    def wait_for_a_batch(self) -> None:
        self._stands.set()
        self._go.wait()

    def event(self, kind: str, step: int | None = None, **fields: Any) -> None:
        self.events.append({"kind": kind, "step": step, **fields})

    def trains(self, steps: int, seconds: float = 0.1) -> None:
        for _ in range(steps):
            self.step += 1
            self.clock.advance(seconds)
            self._row["step"], self._row["time"] = self.step, self.clock.now()
            self.rounds.steps.add(self._row)
            self.watch.look(self.step)

    def hangs(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            self.watch.look(self.step)

    def ends(self) -> None:
        self._go.set()
        self._thread.join()


@pytest.fixture
def trainer() -> Iterator[Trainer]:
    trainer = Trainer()
    yield trainer
    trainer.ends()


def test_a_hang_is_journaled_once_with_the_stack(trainer: Trainer) -> None:
    trainer.trains(50)
    trainer.hangs(30)
    assert trainer.events == []
    trainer.hangs(200)
    (event,) = trainer.events
    assert (event["kind"], event["symptom"], event["step"]) == ("finding", "stall", 50)
    assert event["evidence"]["seconds"] > event["evidence"]["threshold"] == 30
    # the place in this very file, inner frames last
    places = [line for line in event["evidence"]["stack"] if "in wait_for_a_batch" in line]
    assert places and __file__ in places[0]


def test_a_second_hang_is_a_second_finding(trainer: Trainer) -> None:
    trainer.trains(50)
    trainer.hangs(40)
    trainer.trains(1)
    trainer.hangs(119)  # three times the longest gap, which is now 40 s
    assert [event["step"] for event in trainer.events] == [50]
    trainer.hangs(10)
    assert [event["step"] for event in trainer.events] == [50, 51]


def test_slow_steps_are_no_hang(trainer: Trainer) -> None:
    trainer.trains(30, seconds=9.0)
    trainer.hangs(150)
    assert trainer.events == []
    trainer.hangs(50)
    assert len(trainer.events) == 1


def test_a_machine_that_slept_did_not_hang(trainer: Trainer) -> None:
    trainer.trains(50)
    trainer.clock.advance(3600)
    trainer.watch.look(trainer.step)
    trainer.hangs(25)
    assert trainer.events == []
    trainer.hangs(10)
    assert len(trainer.events) == 1
    assert trainer.events[0]["evidence"]["seconds"] < 60
    assert ASLEEP < 3600


def test_the_first_step_may_take_minutes_and_not_for_ever(trainer: Trainer) -> None:
    trainer.hangs(290)
    assert trainer.events == []
    trainer.hangs(20)
    assert [event["step"] for event in trainer.events] == [0]


def test_an_evaluation_has_longer(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuiwb.worker.stalled.BETWEEN", frozenset({"wait_for_a_batch"}))
    monkeypatch.setattr("tuiwb.worker.stalled._is_engine", lambda file: file == __file__)
    trainer.trains(50)
    trainer.hangs(int(LONG) - 1)
    assert trainer.events == []
    trainer.hangs(3)
    assert len(trainer.events) == 1


def test_what_the_loop_does_between_steps_is_known_by_name() -> None:
    from tuiwb.engine.loop import Loop
    from tuiwb.worker.stalled import BETWEEN, _is_engine

    assert all(callable(getattr(Loop, name, None)) for name in BETWEEN)
    assert _is_engine(Loop.evaluate.__code__.co_filename)


def test_a_thread_that_has_ended_leaves_no_stack(trainer: Trainer) -> None:
    trainer.trains(50)
    trainer.ends()
    trainer.hangs(40)
    assert trainer.events[0]["evidence"]["stack"] == []
