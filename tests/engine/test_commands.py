"""Commands take effect between two steps, and what makes no sense is refused with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.recorder import Ask, MemorySink, Script, trained
from tuiwb.engine import desk
from tuiwb.engine.desk import Desk

SHORT = ("train.steps=20", "train.eval_every=0")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "LOOK_EVERY", 0.0)


def states(sink: MemorySink) -> list[tuple[int | None, str]]:
    return [(e["step"], e["state"]) for e in sink.events if e["kind"] == "state"]


def run(folder: Path, script: dict[int, Ask], **more: Any) -> tuple[Any, MemorySink]:
    outcome, sink, _ = trained(folder, "mlp-digits", *SHORT, script=script, **more)
    return outcome, sink


def test_a_pause_holds_the_loop_until_it_is_resumed(tmp_path: Path) -> None:
    held: list[int] = []

    class Look(Ask):
        def refuse(self, step: int, reason: str) -> None:
            held.append(step)
            super().refuse(step, reason)

    asked = {4: Ask("pause"), 5: Look("no such"), 9: Look("no such"), 30: Ask("resume")}
    outcome, sink = run(tmp_path, asked)
    assert held == [4, 4]
    assert asked[4].accepted == 4 and asked[30].accepted == 4
    assert states(sink) == [(4, "paused"), (4, "training")]
    assert outcome.state == "finished" and [row.step for row in sink.rows] == list(range(1, 21))


def test_pausing_changes_no_bit(tmp_path: Path) -> None:
    paused = run(tmp_path / "a", {3: Ask("pause"), 6: Ask("step", {"steps": 2}),
                                  12: Ask("resume")})[1]  # fmt: skip
    straight = run(tmp_path / "b", {})[1]
    assert paused.losses == straight.losses


def test_single_steps_while_paused(tmp_path: Path) -> None:
    # looks: 2 pauses; 5 and 7 take one step each; 10 takes three and is told as training
    asked = {2: Ask("pause"), 5: Ask("step"), 7: Ask("step"), 10: Ask("step", {"steps": 3}),
             40: Ask("stop")}  # fmt: skip
    outcome, sink = run(tmp_path, asked)
    assert [asked[at].accepted for at in (2, 5, 7, 10, 40)] == [2, 2, 3, 4, 7]
    assert outcome.state == "stopped" and sink.rows[-1].step == 7
    assert states(sink) == [(2, "paused"), (4, "training"), (7, "paused")]
    (told,) = [e for e in sink.events if e.get("state") == "training"]
    assert told["doing"] == "3 steps, then it pauses"


def test_a_pause_ends_a_row_of_steps_early(tmp_path: Path) -> None:
    asked = {1: Ask("pause"), 2: Ask("step", {"steps": 1000}), 6: Ask("pause"), 9: Ask("stop")}
    outcome, sink = run(tmp_path, asked)
    assert asked[6].accepted == 5 and outcome.state == "stopped" and sink.rows[-1].step == 5
    assert [state for _, state in states(sink)] == ["paused", "training", "paused"]


def test_more_steps_than_are_left_finish_the_run(tmp_path: Path) -> None:
    outcome, sink = run(tmp_path, {1: Ask("pause"), 3: Ask("step", {"steps": 500})})
    assert outcome.state == "finished" and sink.rows[-1].step == 20


@pytest.mark.parametrize(
    ("script", "at", "reason"),
    [
        ({2: Ask("resume")}, 2, "not paused"),
        ({2: Ask("step")}, 2, "pause it first"),
        ({2: Ask("pause"), 4: Ask("pause"), 8: Ask("resume")}, 4, "paused already"),
        ({2: Ask("pause"), 4: Ask("step", {"steps": 0}), 8: Ask("resume")}, 4, "whole number"),
        ({2: Ask("pause"), 4: Ask("step", {"steps": "3"}), 8: Ask("resume")}, 4, "whole number"),
        ({2: Ask("pause"), 4: Ask("step", {"steps": True}), 8: Ask("resume")}, 4, "whole number"),
        ({2: Ask("puase")}, 2, "did you mean pause"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, script: dict[int, Ask], at: int, reason: str
) -> None:
    outcome, _ = run(tmp_path, script)
    assert outcome.state == "finished"
    assert script[at].accepted is None and reason in (script[at].refused or "")


def test_figures_are_out_before_the_loop_is_held() -> None:
    class Held:
        class session:
            step = 7

        sink = MemorySink()

        def settle(self) -> None:
            said.append(f"after {looks.looks}")

    said: list[str] = []
    looks = Script({0: Ask("pause"), 1: Ask("resume")})
    held = Desk(Held(), looks)  # type: ignore[arg-type]
    held.attend()
    assert said == ["after 0"] and not held.paused
    held.attend()
    assert said == ["after 0"]
