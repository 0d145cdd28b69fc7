"""A range test that cannot be one is refused before a worker is started; else it is asked."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.client.range_test import RangeTest
from tuiwb.spec import resolve

MLP = resolve("mlp-digits")


@pytest.mark.parametrize(
    ("asked", "where", "said"),
    [
        ({"low": 1.0, "high": 1.0}, "--low, --high", "from a low rate to a higher one"),
        ({"low": 1.0, "high": 0.1}, "--low, --high", "from 1 to 0.1"),
        ({"low": 0.0}, "--low", "above 0"),
        ({"low": -1e-3}, "--low", "above 0"),
        ({"low": float("nan")}, "--low", "above 0"),
        ({"high": float("inf")}, "--high", "above 0"),
        ({"high": 1e6}, "--high", "at most 100"),
        ({"steps": 19}, "--steps", "too few"),
        ({"steps": 0}, "--steps", "too few"),
        ({"steps": 10_001}, "--steps", "more steps"),
    ],
)
def test_what_is_no_test_is_refused(asked: dict[str, Any], where: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        RangeTest(MLP, command=["no-such-program"], **asked)
    assert caught.value.where == where
    assert said in str(caught.value)
    assert caught.value.allowed


def test_a_task_in_which_any_rate_is_as_good_says_so() -> None:
    with pytest.raises(UserError, match="no learning rate to find") as caught:
        RangeTest(resolve("perceptron-blobs"))
    assert "weights of zero" in caught.value.found


def worker(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_steps_are_told_as_they_come_and_the_curves_are_the_answer() -> None:
    echo = (
        "import json, sys\n"
        "asked, _, toml = sys.stdin.read().partition('\\n')\n"
        "asked = json.loads(asked)\n"
        "assert sys.argv[1] == '--lr-find' and 'mlp' in toml\n"
        "print(json.dumps({'step': {'turn': '', 'lr': asked['low'], 'loss': None}}))\n"
        "print(json.dumps({'ok': {'curves': [asked]}}))\n"
    )
    told: list[Any] = []
    answer = RangeTest(MLP, 1e-5, 1e-2, 30, worker(echo)).run(told.append)
    assert told == [{"turn": "", "lr": 1e-5, "loss": None}]
    assert answer == {"curves": [{"low": 1e-5, "high": 1e-2, "steps": 30}]}


def test_a_worker_s_refusal_arrives_whole_and_its_death_in_words() -> None:
    refuse = "import json; print(json.dumps({'error': {'what': 'no room', 'next': 'buy'}}))"
    with pytest.raises(UserError, match="no room") as caught:
        RangeTest(MLP, command=worker(refuse)).run()
    assert caught.value.next == "buy"
    with pytest.raises(WorkerFailed, match="exit code 7"):
        RangeTest(MLP, command=worker("raise SystemExit(7)")).run()
    with pytest.raises(WorkerFailed, match="cannot start"):
        RangeTest(MLP, command=["/no/such/program"]).run()


def test_what_is_cancelled_before_it_begins_ends_at_once() -> None:
    test = RangeTest(MLP, command=worker("import time; time.sleep(600)"))
    test.cancel()
    with pytest.raises(WorkerFailed) as caught:
        test.run()
    assert caught.value.found == "cancelled"
