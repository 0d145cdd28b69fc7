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
from tuiwb.worker.stalled import ASLEEP, HELD, LONG, LOOP, OBEYS, StallWatch


class Trainer:
    """A thread that stands where it is told to, and a watch on it with a clock of the test's."""

    def __init__(self, stands_in: str = "step") -> None:
        self.clock = FrozenClock(1000.0)
        self.events: list[dict[str, Any]] = []
        self.rounds = Rounds(self.event)
        dtype = schema.dtype_steps()
        self.rounds.begin(dtype, np.dtype([("step", "<i8")]))
        self._row = np.zeros(1, dtype)
        self._stands, self._go = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=getattr(self, stands_in), daemon=True)
        self._thread.start()
        assert self._stands.wait(10)
        assert self._thread.ident is not None
        here = (__file__, "step")
        self.watch = StallWatch(self.rounds, self.event, self._thread.ident, self.clock, here)
        self.done = 0

    def step(self) -> None:
        self.wait_for_a_batch()

    def evaluate(self) -> None:
        self.wait_for_a_batch()

    def paused(self) -> None:
        self._at_the_desk("def attend(): what()\nattend()")

    def obeying(self) -> None:
        self._at_the_desk("def obey(): what()\ndef attend(): obey()\nattend()")

    def _at_the_desk(self, code: str) -> None:
        """As if this stood in the loop's desk, for all that a stack tells."""
        file = "/home/somebody/tuiwb/engine/desk.py"
        exec(compile(code, file, "exec"), {"what": self.wait_for_a_batch})

    def wait_for_a_batch(self) -> None:
        self._stands.set()
        self._go.wait()

    def event(self, kind: str, step: int | None = None, **fields: Any) -> None:
        self.events.append({"kind": kind, "step": step, **fields})

    def trains(self, steps: int, seconds: float = 0.1) -> None:
        for _ in range(steps):
            self.done += 1
            self.clock.advance(seconds)
            self._row["step"], self._row["time"] = self.done, self.clock.now()
            self.rounds.steps.add(self._row)
            self.watch.look(self.done)

    def hangs(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            self.watch.look(self.done)

    @property
    def found(self) -> list[int | None]:
        """The steps of what was found."""
        return [event["step"] for event in self.events if event["kind"] == "finding"]

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
    assert trainer.found == [50]
    trainer.hangs(10)
    assert trainer.found == [50, 51]


def test_a_step_that_comes_after_all_is_told(trainer: Trainer) -> None:
    dumped: list[int] = []
    trainer.watch.dump = lambda: dumped.append(trainer.done)
    trainer.trains(50)
    trainer.hangs(40)
    assert dumped == [50]
    trainer.trains(20)
    (note,) = [event for event in trainer.events if event["kind"] == "note"]
    assert note["step"] == 51 and "a step came after 0:40" in note["text"]
    assert dumped == [50]


def test_a_pause_is_no_hang_however_long() -> None:
    trainer = Trainer("paused")
    trainer.trains(50)
    trainer.hangs(3 * int(LONG))
    assert trainer.events == []
    trainer.ends()


def test_a_command_that_hangs_while_it_is_paused_is_found() -> None:
    trainer = Trainer("obeying")
    trainer.trains(50)
    trainer.hangs(int(LONG) + 2)
    assert trainer.found == [50]
    trainer.ends()


def test_slow_steps_are_no_hang(trainer: Trainer) -> None:
    trainer.trains(30, seconds=9.0)
    trainer.hangs(150)
    assert trainer.events == []
    trainer.hangs(50)
    assert len(trainer.events) == 1


def test_a_machine_that_slept_did_not_hang(trainer: Trainer) -> None:
    trainer.trains(50)
    trainer.clock.advance(3600)
    trainer.watch.look(trainer.done)
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


def test_an_evaluation_has_longer_and_longer_still_once_it_is_known() -> None:
    trainer = Trainer("evaluate")
    trainer.trains(50)
    trainer.hangs(int(LONG) - 1)
    assert trainer.events == []
    trainer.trains(1)
    trainer.hangs(int(2.9 * LONG))
    assert trainer.events == []
    trainer.hangs(int(0.2 * LONG))
    assert [event["step"] for event in trainer.events] == [51]
    trainer.ends()


def test_a_step_is_known_by_its_place() -> None:
    from tuiwb.engine import desk
    from tuiwb.engine.desk import Desk
    from tuiwb.engine.loop import Loop

    file, name = LOOP
    code = getattr(Loop, name).__code__
    assert code.co_filename.endswith(file)
    for (file, name), function in ((HELD, Desk.attend), (OBEYS, desk.obey)):
        assert function.__name__ == name
        assert function.__code__.co_filename.endswith(file)


def test_a_thread_that_has_ended_leaves_no_stack(trainer: Trainer) -> None:
    trainer.trains(50)
    trainer.ends()
    trainer.hangs(int(LONG) + 2)
    assert trainer.events[0]["evidence"]["stack"] == []
