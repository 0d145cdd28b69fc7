"""Evaluations, checkpoints, pictures and notes on request, and the ways to stop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.recorder import Ask, MemorySink, Script, trained
from tuiwb.engine import desk
from tuiwb.engine.build import build
from tuiwb.engine.checkpoint import load, steps_in
from tuiwb.engine.loop import train
from tuiwb.spec import resolve
from tuiwb.spec.declarations import COMMANDS, command_words

SHORT = ("train.steps=20", "train.eval_every=0", "train.device=cpu", "model.hidden=[8]")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "LOOK_EVERY", 0.0)


def run(folder: Path, script: dict[int, Ask], *more: str) -> tuple[Any, MemorySink]:
    outcome, sink, _ = trained(folder, "mlp-digits", *SHORT, *more, script=script)
    return outcome, sink


def test_an_evaluation_is_answered_with_its_figures_and_changes_no_bit(tmp_path: Path) -> None:
    # an evaluation has two batches, and there is a look before each
    asked = {3: Ask("evaluate"), 6: Ask("pause"), 7: Ask("evaluate"), 10: Ask("evaluate"),
             12: Ask("resume")}  # fmt: skip
    # with a patience of 1 a worse evaluation that counted would end the run
    more = ("train.eval_every=5", "train.patience=1", "optim.lr=0.3")
    outcome, sink = run(tmp_path / "a", asked, *more)
    assert [asked[at].accepted for at in (3, 7, 10)] == [3, 4, 4]
    told = {step: metrics for step, metrics, _ in sink.evaluations}
    assert asked[3].told["metrics"] == told[3] and "val_loss" in told[3]
    assert asked[7].told == asked[10].told, "what is known of a step is not taken twice"
    assert [step for step, _, _ in sink.evaluations][:3] == [3, 4, 5]
    assert not [best for step, _, best in sink.evaluations if step in (3, 4) and best]
    straight, plain = run(tmp_path / "b", {}, *more)
    assert sink.losses == plain.losses and outcome == straight


def test_a_checkpoint_is_on_disk_when_it_is_answered(tmp_path: Path) -> None:
    seen: dict[int, list[int]] = {}

    class Look(Ask):
        def accept(self, step: int, **told: Any) -> None:
            super().accept(step, **told)
            seen[step] = steps_in(tmp_path / "checkpoints")

    asked = {4: Look("checkpoint"), 6: Ask("pause"), 7: Look("checkpoint"), 200: Ask("resume")}
    _, sink = run(tmp_path, asked)
    assert asked[4].accepted == 4 and 4 in seen[4]
    assert asked[7].accepted == 6 and 6 in seen[6], "written while the loop was held"
    assert load(tmp_path / "checkpoints" / f"{6:08d}")["step"] == 6
    told = [(e["step"], e["reason"], e["bytes"]) for e in sink.events if e["kind"] == "checkpoint"]
    assert told[:2] == [(4, "asked", asked[4].told["bytes"]), (6, "asked", asked[7].told["bytes"])]


def test_of_two_checkpoints_at_once_the_second_waits_for_its_turn(tmp_path: Path) -> None:
    asked = {2: Ask("checkpoint"), 3: Ask("checkpoint")}
    run(tmp_path, asked)
    first, second = asked[2].accepted, asked[3].accepted
    assert first == 2 and second is not None and 2 < second <= 20
    assert {first, second} <= set(steps_in(tmp_path / "checkpoints"))


def test_a_disk_that_takes_no_checkpoint_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_text("not a folder")
    asked = {2: Ask("checkpoint"), 3: Ask("pause"), 200: Ask("resume")}
    outcome, sink = run(tmp_path, asked)
    assert asked[2].accepted is None and asked[2].refused == "the disk did not take it"
    assert outcome.state == "finished" and len(sink.rows) == 20


def test_pictures_at_once_whatever_they_may_cost(tmp_path: Path) -> None:
    asked = {3: Ask("pause"), 4: Ask("picture"), 5: Ask("resume")}
    _, sink = run(tmp_path / "a", asked, "probe.budget=0")
    names = [picture.name for step, picture in sink.pictures if step == 3]
    assert names and asked[4].told == {"names": names} and asked[4].accepted == 3
    assert sink.losses == run(tmp_path / "b", {}, "probe.budget=0")[1].losses


def test_a_task_without_pictures_refuses(tmp_path: Path) -> None:
    asked = {1: Ask("picture")}

    def without(session: Any) -> None:
        class Blind:
            def __getattr__(self, name: str) -> Any:
                if name == "pictures":
                    raise AttributeError(name)
                return getattr(task, name)

        task, session.task = session.task, Blind()

    trained(tmp_path, "mlp-digits", *SHORT, script=asked, before=without)
    assert asked[1].refused == "the task 'classify' has no pictures"


def test_a_note_is_a_line_at_its_step_with_who_wrote_it(tmp_path: Path) -> None:
    asked = {3: Ask("note", {"text": " lower   it\nnext time "}), 4: Ask("note", {"text": " "}),
             5: Ask("note", {"text": "x" * 501}), 6: Ask("note")}  # fmt: skip
    _, sink = run(tmp_path, asked)
    (note,) = [event for event in sink.events if event["kind"] == "note"]
    assert (note["step"], note["text"]) == (3, "lower it next time")
    assert (note["by"], note["who"]) == ("test", "ada@here")
    assert asked[3].accepted == 3
    assert all("1 to 500 characters" in (asked[at].refused or "") for at in (4, 5, 6))


@pytest.mark.parametrize(
    ("at", "ends"),
    # 1347 samples in batches of 500: an epoch ends within steps 3, 6 and 9
    [(0, 3), (1, 3), (3, 6), (5, 6), (8, 9)],
)
def test_stop_after_the_epoch(tmp_path: Path, at: int, ends: int) -> None:
    asked = {at: Ask("stop", {"when": "epoch"})}
    outcome, sink = run(tmp_path, asked, "data.batch_size=500")
    assert asked[at].accepted == at and asked[at].told == {"ends": ends}
    assert (
        outcome.state == "stopped" and outcome.reason == "ada@here asked it to stop after the epoch"
    )
    assert sink.rows[-1].step == ends and ends in steps_in(tmp_path / "checkpoints")


def test_at_the_end_of_an_epoch_it_stops_at_once(tmp_path: Path) -> None:
    # one batch is the whole epoch: every step ends one
    asked = {4: Ask("stop", {"when": "epoch"})}
    outcome, sink = run(tmp_path, asked, "data.batch_size=1347")
    assert asked[4].accepted == 4 and not asked[4].told
    assert outcome.state == "stopped" and sink.rows[-1].step == 4


def test_an_epoch_that_ends_beyond_the_run_lets_it_finish(tmp_path: Path) -> None:
    asked = {18: Ask("stop", {"when": "epoch"})}
    outcome, _ = run(tmp_path, asked, "data.batch_size=64")
    assert asked[18].told == {"ends": 20} and outcome.state == "finished"


def test_now_breaks_an_evaluation_off_and_what_else_was_asked_is_refused(tmp_path: Path) -> None:
    # looks: one before each of 5 steps, then one before each batch of the evaluation
    asked = {5: Ask("evaluate"), 6: Ask("stop", {"when": "now"})}
    outcome, sink = run(tmp_path, asked, "train.eval_every=5")
    assert asked[6].accepted == 5 and outcome.state == "stopped"
    assert not sink.evaluations and sink.rows[-1].step == 5
    assert asked[5].refused == "the run ended before it"
    assert load(tmp_path / "checkpoints" / f"{5:08d}")["owed"], "made up for when it goes on"


def test_an_evaluation_that_was_broken_off_is_made_up_for(tmp_path: Path) -> None:
    more = (*SHORT, "train.eval_every=5", "train.patience=2", "optim.lr=0.1")
    straight, plain, _ = trained(tmp_path / "straight", "mlp-digits", *more)
    trained(tmp_path / "a", "mlp-digits", *more, script={6: Ask("stop", {"when": "now"})})
    sink = MemorySink()
    state = load(tmp_path / "a" / "checkpoints" / f"{5:08d}")
    again = train(
        build(resolve("mlp-digits", more).spec), sink, Script(), tmp_path / "b", begin=state
    )
    assert sink.evaluations == plain.evaluations and sink.evaluations[0][0] == 5
    assert sink.losses == plain.losses[5:] and again == straight


def test_what_is_asked_beside_a_stop_is_refused(tmp_path: Path) -> None:
    class Several(Script):
        def take(self, step: int) -> list[Ask]:  # type: ignore[override]
            return asked if step == 3 else []

    asked = [Ask("note", {"text": "first"}), Ask("stop"), Ask("set", {"optim.lr": 0.5})]
    session = build(resolve("mlp-digits", SHORT).spec)
    outcome = train(session, MemorySink(), Several(), tmp_path)
    assert outcome.state == "stopped" and [one.accepted for one in asked] == [3, 3, None]
    assert asked[2].refused == "the run ended before it"


def test_what_is_asked_within_an_evaluation_is_done_after_it(tmp_path: Path) -> None:
    asked = {5: Ask("note", {"text": "hm"})}
    outcome, sink = run(tmp_path, asked, "train.eval_every=5")
    assert asked[5].accepted == 5 and outcome.state == "finished"
    assert [step for step, *_ in sink.evaluations] == [5, 10, 15, 20]


def test_an_unknown_way_to_stop_is_refused(tmp_path: Path) -> None:
    asked = {2: Ask("stop", {"when": "later"}), 3: Ask("stop", {"when": ["step"]})}
    outcome, _ = run(tmp_path, asked)
    assert outcome.state == "finished"
    assert all("known: step, epoch, now" in (asked[at].refused or "") for at in (2, 3))


def test_what_was_set_is_told_with_what_it_was(tmp_path: Path) -> None:
    asked = {2: Ask("set", {"optim.lr": 0.5})}
    run(tmp_path, asked, "optim.lr=0.25")
    assert asked[2].told == {"was": {"optim.lr": 0.25}}


@pytest.mark.parametrize("schedule", ["cosine", "one-cycle"])
@pytest.mark.parametrize("at", [3, 12])
def test_a_changed_rate_keeps_the_schedules_shape(tmp_path: Path, schedule: str, at: int) -> None:
    # step 3 lies within the warm-up, step 12 behind it
    more = (f"schedule.name={schedule}", "schedule.warmup=6", "optim.lr=0.25")
    asked = {at: Ask("set", {"optim.lr": 0.0625})}
    _, sink = run(tmp_path / "a", asked, *more)
    _, straight = run(tmp_path / "b", {}, *more)
    factors = [row.lr / (0.25 if row.step <= at else 0.0625) for row in sink.rows]
    assert factors == [row.lr / 0.25 for row in straight.rows]
    assert len(set(factors)) > 10, "a shape that there is to keep"


def test_every_command_says_what_it_does_in_a_line() -> None:
    names = {"stop", "pause", "resume", "step", "set", "probe", "evaluate", "checkpoint", "picture",
             "note"}  # fmt: skip
    assert names <= set(COMMANDS.names())
    for name in COMMANDS.names():
        takes, words = command_words(name)
        assert words and words[0].isupper() and len(words) <= 100, name
        assert (not takes) == (name in ("pause", "resume", "evaluate", "checkpoint", "picture"))
