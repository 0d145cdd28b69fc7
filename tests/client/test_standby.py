"""The warm standby: futures that always come, and processes that never stay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.client.describe import describe
from tuiwb.client.standby import Standby
from tuiwb.spec import resolve

Fake = Callable[[str], list[str]]


def test_describe_warm_and_cold_agree(fake: Fake) -> None:
    standby, fine, wrong = Standby(fake("long")), resolve("mlp-digits"), bad()
    facts = {"parameters": 42, "layers": []}
    assert standby.describe(fine, 30) == facts == describe(fine, fake("long"))
    for ask in (lambda: standby.describe(wrong, 30), lambda: describe(wrong, fake("long"))):
        with pytest.raises(UserError, match="a shape that cannot work") as told:
            ask()
        assert told.value.found == "7x7"
    assert standby.ready  # a wrong spec does not cost it its warmth
    standby.close()
    assert not standby.alive


def bad() -> object:
    return resolve("mlp-digits", ["train.seed=13"])


async def test_an_event_loop_is_never_blocked(fake: Fake) -> None:
    standby = Standby(fake("long"))
    answers = [asyncio.wrap_future(standby.describe_later(resolve("mlp-digits"))) for _ in range(5)]
    ticks = 0
    while not all(answer.done() for answer in answers):
        ticks += 1
        await asyncio.sleep(0.005)
    # a call that blocks leaves no tick: by the time the loop runs, every answer is there
    assert ticks >= 1
    assert [answer.result()["parameters"] for answer in answers] == [42] * 5
    standby.close()


def test_a_cancelled_question_is_not_asked(fake: Fake) -> None:
    resolved = resolve("mlp-digits")  # which takes its time, the first time
    standby = Standby(fake("long"))
    futures = [standby.describe_later(resolved) for _ in range(5)]
    cancelled = [future.cancel() for future in futures[:4]]
    assert all(cancelled)  # it is still warming up
    assert futures[4].result(30) == {"parameters": 42, "layers": []}
    standby.close()


@pytest.mark.parametrize(
    ("mode", "found"),
    [("broken", "ImportError: no torch here"), ("hangs up", "ran out of memory"), ("silent", "")],
)
def test_a_process_that_dies_fails_every_question(fake: Fake, mode: str, found: str) -> None:
    standby = Standby(fake(mode))
    futures = [standby.describe_later(resolve("mlp-digits")) for _ in range(3)]
    with pytest.raises(WorkerFailed, match="the standby worker has ended") as told:
        futures[0].result(30)
    assert told.value.found == found
    for future in futures[1:]:  # of a process after that, or of none
        with pytest.raises(WorkerFailed):
            future.result(30)
    standby.close()


def test_no_such_program() -> None:
    standby = Standby(["/nowhere/python"])
    standby.start()
    assert not standby.wait_ready(30)
    with pytest.raises(WorkerFailed):
        standby.describe(resolve("mlp-digits"), 30)
    with pytest.raises(WorkerFailed, match="cannot start the worker"):
        describe(resolve("mlp-digits"), ["/nowhere/python"])


def test_closing_while_it_warms_up_leaves_no_question_open(fake: Fake) -> None:
    standby = Standby(fake("long"))
    future = standby.describe_later(resolve("mlp-digits"))
    standby.close()
    standby.close()
    with pytest.raises(WorkerFailed):
        future.result(30)


def test_a_broken_describe_says_how(fake: Fake) -> None:
    with pytest.raises(WorkerFailed, match="no description: exit code 1") as told:
        describe(resolve("mlp-digits"), fake("broken"))
    assert told.value.found == "ImportError: no torch here"
