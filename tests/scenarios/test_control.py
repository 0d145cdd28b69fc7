"""A running loop in hand, from Python: every call is answered, and the journal says who asked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

import tuiwb
from tests.scenarios.helpers import LONG, new_run, steps, until, view
from tests.scenarios.helpers import worker as a_worker
from tuiwb.base.errors import UserError
from tuiwb.client.commands import Asked
from tuiwb.client.control import Control
from tuiwb.engine.checkpoint import load
from tuiwb.run.layout import RunPaths
from tuiwb.run.person import person

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunPaths]:
    """One run that trains for all tests here."""
    paths = new_run(tmp_path_factory.mktemp("runs"), "mlp-digits", *LONG, "optim.lr=0.01")
    with a_worker(paths):
        until("20 steps", lambda: steps(paths) >= 20)
        yield paths


@pytest.fixture
def run(running: RunPaths) -> Iterator[Control]:
    control = tuiwb.control(running.root)
    yield control
    if control.view().status.state == "paused":
        control.resume()


def test_every_command_works_while_paused_and_at_the_same_step(
    run: Control, running: RunPaths
) -> None:
    at = run.pause()["step"]
    assert run.set(lr=0.02)["was"] == {"optim.lr": 0.01}
    assert run.set({"optim.lr": "0.03", "train.clip_norm": 1})["args"] == {
        "optim.lr": 0.03,
        "train.clip_norm": 1.0,
    }
    evaluated = run.evaluate()
    assert 0 < evaluated["metrics"]["val_accuracy"] <= 1
    kept = run.checkpoint()
    assert load(running.checkpoints / f"{at:08d}")["step"] == at
    assert run.picture()["names"] and run.probe("sharpness")["figures"]
    noted = run.note("\x1b[31mlower it")
    answers = (evaluated, kept, noted)
    assert all(answer["accepted"] and answer["step"] == at for answer in answers)
    assert run.step(3)["step"] == at
    until("3 steps", lambda: view(running).status.words == f"paused at step {at + 3}")
    told = [e for e in view(running).events if e["kind"] == "command" and e["step"] == at]
    assert len(told) == 9
    assert {(event["by"], event["who"]) for event in told} == {("python", person())}
    (note,) = [event for event in view(running).events if event["kind"] == "note" and event["step"]]
    assert note["text"].endswith("lower it") and "\x1b" not in note["text"]
    assert (note["by"], note["who"]) == ("python", person())
    assert view(running).metrics == evaluated["metrics"]


def test_a_refusal_is_an_error_with_its_reason_and_its_step(run: Control) -> None:
    with pytest.raises(UserError, match="refused to resume") as told:
        run.resume()
    assert "it is not paused" in told.value.found and told.value.where.startswith("step ")
    with pytest.raises(UserError, match="refused to note"):
        run.note("")
    with pytest.raises(UserError, match="refused to stop") as told:
        run.stop("soon")
    assert "known: step, epoch, now" in told.value.found


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("lr", 1e9, "out of range"),
        ("learning", 1, "no hot knob is called 'learning'"),
        ("optim.lrr", 1, "nearest:  lr"),
        ("optim.lr", True, "optim.lr"),
        ("model.hidden", [4], "fixed once it trains"),
        ("data.batch_size", 8, "takes a rebuild from a checkpoint"),
    ],
)
def test_what_makes_no_sense_is_said_before_it_is_sent(
    run: Control, key: str, value: object, words: str
) -> None:
    before = len([e for e in run.view().events if e["kind"] == "command"])
    with pytest.raises(UserError) as told:
        if "." in key:
            run.set({key: value})
        else:
            run.set(**{key: value})
    assert words in str(told.value)
    with pytest.raises(UserError, match="unknown command"):
        run.ask("dance")
    with pytest.raises(UserError, match="unknown study"):
        run.probe("sharpnes")
    assert len([e for e in run.view().events if e["kind"] == "command"]) == before


def test_answers_are_found_though_the_journal_is_long(run: Control, running: RunPaths) -> None:
    asked = Asked(running.root, "note", {"text": "here"})
    until("an answer", lambda: asked.answer() is not None)
    # what the journal said before it is not read again
    assert {event["kind"] for event in asked.told} <= {"note", "command", "finding", "checkpoint"}


def test_control_loads_no_torch(running: RunPaths) -> None:
    program = (
        "import sys, tuiwb; tuiwb.control(sys.argv[1]).note('from outside');"
        "print(sorted({'torch', 'textual', 'typer'} & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, str(running.root)], capture_output=True, text=True
    )
    assert told.stdout == "[]\n", told.stderr


def test_stop_and_then_there_is_nothing_to_ask(run: Control, running: RunPaths) -> None:
    stopped = run.stop("now")
    until("the end", lambda: view(running).status.state == "stopped")
    assert (running.checkpoints / f"{stopped['step']:08d}").is_dir()
    with pytest.raises(UserError, match="is over and takes no commands") as told:
        run.pause()
    assert told.value.next == f"go on with it: tuiwb resume {running.root.name}"
