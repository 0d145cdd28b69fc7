"""What is in force: settings in order, taken back by a resume, set again, not those inherited."""

from __future__ import annotations

from typing import Any

import pytest

from tuiwb.run.in_force import in_force, settings, to_set_again
from tuiwb.spec import resolve

Event = dict[str, Any]


def command(step: int, lr: float, **more: Any) -> Event:
    told = {"kind": "command", "command": "set", "accepted": True, "id": f"{step}-{lr}"}
    return {**told, "step": step, "args": {"optim.lr": lr}, "by": "cli", **more}


def resumed(step: int) -> Event:
    return {"kind": "resumed", "step": step, "from_step": step}


def lr(events: list[Event], at: int | None = None) -> float:
    return in_force(resolve("mlp-digits").spec, events, at).optim.lr  # type: ignore[attr-defined,no-any-return]


def test_what_was_set_last_holds_and_a_step_has_what_was_set_before_it() -> None:
    events = [command(10, 0.1), command(20, 0.2)]
    assert lr(events) == 0.2
    assert lr(events, 20) == 0.2 and lr(events, 19) == 0.1 and lr(events, 10) == 0.1
    assert lr(events, 9) == lr([]) == resolve("mlp-digits").spec.optim.lr  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "event",
    [
        command(10, 0.5, accepted=False),
        command(10, 0.5, inherited=True),
        command(10, 0.5, command="probe"),
        command(10, 0.5, kind="note"),
        command(10, 0.5, args=None),
        command(10, -1.0),
        command(10, 0.5, args={"nonsense.key": 1}),
    ],
)
def test_what_does_not_count(event: Event) -> None:
    assert lr([event]) == lr([])


def test_a_resume_takes_back_what_came_after_its_checkpoint_until_it_is_set_again() -> None:
    events = [command(10, 0.1), command(20, 0.2), command(30, 0.3), resumed(15)]
    assert lr(events) == 0.1
    events.append(command(20, 0.2, again=True))
    assert lr(events) == 0.2
    events.append(command(30, 0.3, again=True))
    assert lr(events) == 0.3
    assert [setting.step for setting in settings(events)] == [10, 20, 30]


def test_what_a_resume_has_to_set_again_is_in_order_and_once() -> None:
    events = [command(10, 0.1), command(20, 0.2), command(30, 0.3)]
    assert [s.step for s in to_set_again(events, 15)] == [20, 30]
    events += [resumed(15), command(20, 0.2, again=True)]
    # killed once more before step 30, with a checkpoint of step 25, or back to 15
    assert [s.step for s in to_set_again(events, 25)] == [30]
    assert [s.step for s in to_set_again(events, 15)] == [20, 30]
    events += [resumed(15), command(20, 0.2, again=True), command(30, 0.3, again=True)]
    assert [s.step for s in to_set_again(events, 5)] == [10, 20, 30]
    assert to_set_again(events, 31) == []


def test_a_setting_at_the_step_of_the_checkpoint_is_set_again() -> None:
    """Nobody knows which of the two came first; twice is as once."""
    events = [command(10, 0.1)]
    assert [s.args for s in to_set_again(events, 10)] == [{"optim.lr": 0.1}]
    assert lr([*events, resumed(10)]) == lr([])
    assert lr([*events, resumed(10), command(10, 0.1, again=True)]) == 0.1


def test_acts_without_an_id_are_known_by_what_they_did() -> None:
    events = [command(10, 0.1, id=None), command(12, 0.1, id=None), resumed(0)]
    events.append(command(10, 0.1, id=None, again=True))
    assert [s.step for s in to_set_again(events, 11)] == [12]
