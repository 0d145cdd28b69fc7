"""After a remedy: the worker says some steps later whether it helped."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.engine.recorder import Ask
from tuiwb.doctor.facts import facts, flat
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.engine.build import build
from tuiwb.engine.loop import train
from tuiwb.run.create import create
from tuiwb.run.journal import Journal, JournalTail
from tuiwb.run.layout import RunPaths
from tuiwb.run.schema import dtype_layers, dtype_steps
from tuiwb.spec import resolve
from tuiwb.worker.controls import Inbox
from tuiwb.worker.outcomes import WAIT, symptom_of
from tuiwb.worker.rounds import Rounds
from tuiwb.worker.sink import RunSink


class Run:
    """Rounds on rows made here: 100 steps a second, a loss that is told."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.rounds = Rounds(self.event)
        self.rounds.begin(dtype_steps(), dtype_layers(0))
        self.step = 0
        self.random = np.random.default_rng(0)

    def event(self, kind: str, step: int | None = None, **fields: Any) -> None:
        self.events.append({"kind": kind, "step": step, **fields})

    @property
    def now(self) -> float:
        return 1000.0 + self.step / 100

    def train(self, steps: int, loss: float) -> Run:
        for _ in range(steps):
            self.step += 1
            noisy = loss + 0.02 * self.random.standard_normal() if np.isfinite(loss) else loss
            row = (self.step, self.now, noisy, 0.1, 1.0, 0, not np.isfinite(loss), 100.0, 0.0)
            self.rounds.take(np.array([row], dtype_steps()))
        return self

    def found(self, symptom: str, lasted: int = 50) -> Run:
        remedy = Remedy("hot", {"optim.lr": 0.01})
        begins = self.step - lasted
        finding = Finding(symptom, "warning", begins, self.step, {}, (), remedy, "")
        self.rounds._known[symptom] = finding
        return self

    def set(self, by: str = "doctor:divergence") -> Run:
        self.rounds.set(self.step, {"optim.lr": 0.01}, by, self.now)
        return self

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event["kind"] == "outcome"]


@pytest.mark.parametrize(
    ("after", "verdict"),
    [(0.5, "helped"), (1.0, "no effect"), (1.6, "worse"), (np.nan, "worse")],
)
def test_what_became_of_a_remedy_is_journaled(after: float, verdict: str) -> None:
    run = Run().train(400, 1.0).found("divergence", 1000).set().train(600, after)
    run.rounds.last(run.now)
    (outcome,) = run.outcomes
    assert outcome["verdict"] == verdict and outcome["symptom"] == "divergence"
    assert outcome["since"] == 400 and outcome["change"] == {"optim.lr": 0.01}
    assert outcome["step"] > 400


def test_it_is_not_judged_before_there_is_something_to_judge_by() -> None:
    run = Run().train(400, 1.0).found("divergence").set().train(WAIT // 2, 0.5)
    run.rounds.make(run.now)
    assert not run.outcomes
    run.train(WAIT, 0.5).rounds.make(run.now)
    assert [outcome["verdict"] for outcome in run.outcomes] == ["helped"]
    run.train(WAIT, 0.5).rounds.last(run.now)
    assert len(run.outcomes) == 1


def test_a_loss_that_is_lost_is_told_at_once() -> None:
    run = Run().train(400, 1.0).found("divergence").set().train(30, np.nan)
    run.rounds.make(run.now)
    assert [outcome["verdict"] for outcome in run.outcomes] == ["worse"]
    assert run.outcomes[0]["step"] <= 430


def test_a_run_that_ends_soon_is_judged_at_its_end_if_there_is_enough() -> None:
    run = Run().train(400, 1.0).found("divergence").set().train(60, 0.5)
    run.rounds.last(run.now)
    assert [outcome["verdict"] for outcome in run.outcomes] == ["helped"]
    short = Run().train(400, 1.0).found("divergence").set().train(5, 0.5)
    short.rounds.last(short.now)
    assert not short.outcomes


def test_held_out_symptoms_wait_for_evaluations() -> None:
    run = Run().train(400, 1.0)
    for step, loss in ((100, 1.0), (200, 1.2), (300, 1.4), (400, 1.6)):
        run.rounds.evaluation(step, 1000.0 + step / 100, {"val_loss": loss}, np.nan)
    run.found("overfitting").set("doctor:overfitting").train(450, 0.9)
    run.rounds.make(run.now)
    assert not run.outcomes
    for _ in range(3):
        run.train(20, 0.9)
        run.rounds.evaluation(run.step, run.now, {"val_loss": 1.1}, np.nan)
    run.rounds.make(run.now)
    assert [outcome["verdict"] for outcome in run.outcomes] == ["helped"]


def test_only_what_was_set_against_a_finding_is_followed_up() -> None:
    run = Run().train(400, 1.0).found("divergence")
    run.set("cli").set("doctor:saturation").train(500, 0.5)
    run.rounds.last(run.now)
    assert not run.outcomes
    assert symptom_of("tui") == "" and symptom_of("doctor:divergence") == "divergence"


def test_a_second_remedy_takes_the_place_of_the_first() -> None:
    run = Run().train(400, 1.0).found("divergence").set().train(50, 1.0).set().train(400, 0.5)
    run.rounds.last(run.now)
    assert [outcome["since"] for outcome in run.outcomes] == [450]


def test_rules_go_by_the_knobs_in_force() -> None:
    run = Run().train(5, 1.0)
    run.rounds.set(5, {"optim.lr": 0.25}, "cli", run.now)
    assert run.rounds.window(run.now).facts.number("optim.lr") == 0.25


class Doctor:
    """Controls that apply the first hot remedy that a finding offers, as a person's key does."""

    def __init__(self, sink: RunSink) -> None:
        self.sink = sink
        self.asked: Ask | None = None

    def take(self, step: int) -> Sequence[Ask]:
        if self.asked is not None:
            return ()
        for finding in self.sink.rounds.found:
            if finding.remedy.tier == "hot" and finding.remedy.change:
                self.asked = Applying(self.sink, finding.remedy.change, finding.symptom)
                return (self.asked,)
        return ()


class Applying(Ask):
    def __init__(self, sink: RunSink, change: Mapping[str, Any], symptom: str) -> None:
        super().__init__("set", change)
        self.sink, self.by = sink, f"doctor:{symptom}"

    def accept(self, step: int, **told: Any) -> None:
        super().accept(step, **told)
        self.sink.rounds.set(step, self.args, self.by, time.time())


def test_a_rate_thirty_times_too_high_is_found_put_right_and_seen_to_help(tmp_path: Path) -> None:
    lr = 30 * resolve("softmax-digits").spec.optim.lr
    sick = (f"optim.lr={lr}", "train.steps=600", "train.eval_every=0")
    resolved = resolve("softmax-digits", sick)
    paths = RunPaths(create(tmp_path, resolved))
    journal = Journal(paths.journal)
    session = build(resolved.spec)
    sink = RunSink(paths, journal)
    sink.rounds.facts = facts(
        flat(msgspec.to_builtins(resolved.spec)),
        {
            "layers": [
                {"name": one.name, "kind": one.kind, "parameters": one.parameters}
                for one in session.layers
            ]
        },
        {"classes": list(session.dataset.classes), "baselines": dict(session.task.baselines)},
    )
    doctor = Doctor(sink)
    train(session, sink, doctor, paths.checkpoints)
    sink.rounds.last(time.time())
    sink.close()
    events = JournalTail(paths.journal).read()
    found = [event["symptom"] for event in events if event["kind"] == "finding"]
    assert doctor.asked is not None, found
    assert doctor.asked.accepted is not None and session.spec.optim.lr < lr
    (outcome, *_) = [event for event in events if event["kind"] == "outcome"]
    assert outcome["symptom"] == doctor.asked.by.removeprefix("doctor:")
    assert outcome["verdict"] == "helped", (found, outcome)


def test_the_inbox_tells_who_listens_of_what_took_effect(tmp_path: Path) -> None:
    from tuiwb.run.inbox import post

    paths = RunPaths(create(tmp_path, resolve("mlp-digits")))
    inbox = Inbox(paths, Journal(paths.journal))
    told: list[tuple[str, int]] = []
    inbox.accepted = lambda command, step: told.append((command.by, step))
    post(paths, "set", {"optim.lr": 0.1}, "doctor:divergence")
    post(paths, "set", {"optim.lr": -1}, "cli")
    first, second = inbox.take(7)
    first.accept(7)
    second.refuse(7, "out of range")
    assert told == [("doctor:divergence", 7)]
