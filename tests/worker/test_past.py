"""The doctor's rounds after a resume: they see what was, and say nothing twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.worker.lives_here import act, events, lived, made
from tuiwb.doctor.facts import facts, flat
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.window import STEPS, Facts, Window
from tuiwb.run.schema import dtype_layers, dtype_steps
from tuiwb.worker import rounds as module
from tuiwb.worker.past import Past, past, rows
from tuiwb.worker.rounds import Rounds

SICK = ("init.name=zeros", "train.steps=500", "train.eval_every=40")


def test_a_finding_that_lasts_is_told_once(tmp_path: Path) -> None:
    paths = made(tmp_path, *SICK, acts=[act(150, "stop"), act(300, "stop")])
    view = lived(paths)
    first = [event["symptom"] for event in events(view, "finding")]
    assert "symmetry" in first
    lived(paths)
    view = lived(paths)
    assert view.status.state == "finished"
    told = [event["symptom"] for event in events(view, "finding")]
    assert len(told) == len(set(told)), told


def test_a_finding_that_lasts_for_long_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was told when it began, and not again in all the steps in which it was there."""

    def examine(window: Window) -> list[Finding]:
        return [replace(told, step=int(window.step[0]), until=int(window.step[-1]))]

    told = Finding("plateau", "warning", 10, 60, {}, (), Remedy("hot", {}), "")
    monkeypatch.setattr(module, "examine", examine)
    steps = {name: np.arange(4000.0, 5000.0) for name in ("step", "time", "loss")}
    events: list[str] = []
    rounds = Rounds(lambda kind, step=None, **fields: events.append(kind))
    rounds.recall(Past(Window(steps, now=5000.0), {"plateau": told}, (), frozenset()))
    rounds.begin(dtype_steps(), dtype_layers(0))
    row = np.zeros(1, dtype_steps())
    row["step"], row["time"], row["loss"] = 5000, 5001.0, 0.5
    rounds.take(row)
    assert len(rounds.found) == 1 and not events


def test_the_window_is_what_an_uninterrupted_worker_would_see(tmp_path: Path) -> None:
    view = lived(made(tmp_path, "train.steps=1200", "train.eval_every=100"))
    known = past(view, Facts(), 1150, now=5000.0)
    window = known.window
    assert len(window) == STEPS and window.step[-1] == 1150
    table = view.table("steps").tail(1200)
    assert np.array_equal(window.loss, table["loss"][150:1150].astype(float))
    assert window.first_loss == table["loss"][0]
    assert window.evaluated("step").tolist() == list(range(100, 1101, 100))
    assert np.isfinite(window.evaluated("train_loss")).all()
    told = {e["step"]: e["eval_mode_loss"] for e in events(view, "evaluation")}
    assert window.evaluated("eval_mode_loss").tolist() == [told[s] for s in range(100, 1101, 100)]
    assert 0 < window.best_loss < window.first_loss
    assert window.layer("step").max() <= 1150
    # nobody waited for the steps: to the rules the next one follows at once
    assert window.now == window.column("time")[-1] == pytest.approx(5000.0)
    gaps = np.diff(window.column("time"))
    assert np.allclose(gaps, np.diff(table["time"][150:1150]), atol=1e-5)


def test_rounds_go_on_with_it(tmp_path: Path) -> None:
    view = lived(made(tmp_path, "train.steps=300", "train.eval_every=50"))
    known = past(view, Facts(), 280, now=5000.0)
    rounds = Rounds(lambda kind, step=None, **fields: None)
    rounds.recall(known)
    layers = len(known.window.layer("grad_norm")[0])
    rounds.begin(dtype_steps(), dtype_layers(layers))
    window = rounds.window(5001.0)
    assert np.array_equal(window.loss, known.window.loss)
    assert np.array_equal(
        window.layer("grad_norm"), known.window.layer("grad_norm"), equal_nan=True
    )
    assert window.evaluated("step").tolist() == [50, 100, 150, 200, 250]
    row = np.zeros(1, dtype_steps())
    row["step"], row["time"], row["loss"] = 281, 5001.0, 0.5
    rounds.take(row)
    after = rounds.window(5001.0)
    assert after.step[-2:].tolist() == [280, 281]
    assert after.first_loss == known.window.first_loss
    rounds.evaluation(300, 5002.0, {"val_loss": 0.1}, np.nan)
    assert rounds.window(5002.0).evaluated("step")[-2:].tolist() == [250, 300]


def test_a_run_without_rows_has_no_past(tmp_path: Path) -> None:
    view = lived(made(tmp_path, "train.steps=20", acts=[act(0, "stop")]))
    known = past(view, Facts(), 0, now=5000.0)
    assert len(known.window) == 0 and not known.known and not known.applied
    rounds = Rounds(lambda kind, step=None, **fields: None)
    rounds.recall(known)
    rounds.begin(dtype_steps(), dtype_layers(0))
    row = np.zeros(1, dtype_steps())
    row["step"], row["time"], row["loss"] = 1, 5001.0, 2.5
    rounds.take(row)
    assert rounds.window(5001.0).first_loss == 2.5


def test_a_remedy_under_watch_gets_its_verdict_after_the_resume(tmp_path: Path) -> None:
    remedy = act(120, "set", {"optim.lr": 0.002}, by="doctor:symmetry")
    paths = made(tmp_path, *SICK, acts=[remedy, act(130, "stop")])
    view = lived(paths)
    assert "symmetry" in {event["symptom"] for event in events(view, "finding")}
    assert not events(view, "outcome")
    view = lived(paths)
    (told,) = events(view, "outcome")
    assert (told["symptom"], told["since"]) == ("symmetry", 120)


@pytest.mark.slow
@pytest.mark.parametrize("whole", [(100,), (100, 200)])
def test_a_verdict_is_not_passed_twice(tmp_path: Path, whole: tuple[int, ...]) -> None:
    """The checkpoint is older than the verdict: its steps are trained again."""
    remedy = act(150, "set", {"optim.lr": 0.002}, by="doctor:symmetry")
    spec = ("init.name=zeros", "train.steps=600", "train.eval_every=0")
    acts = [act(at, "checkpoint") for at in whole] + [remedy, act(500, "stop")]
    paths = made(tmp_path, *spec, acts=acts)
    assert len(events(lived(paths), "outcome")) == 1
    for folder in paths.checkpoints.iterdir():
        if folder.name.isdigit() and int(folder.name) not in whole:
            (folder / "state.pt").write_bytes(b"")
    view = lived(paths)
    assert events(view, "resumed")[0]["from_step"] == whole[-1]
    assert len(events(view, "outcome")) == 1


def test_facts_of_an_earlier_window_have_the_knobs_of_then(tmp_path: Path) -> None:
    acts = [act(100, "set", {"optim.lr": 0.5}), act(200, "set", {"optim.lr": 0.25})]
    view = lived(made(tmp_path, "train.steps=250", acts=acts))
    known = facts(flat({"optim": {"lr": 9.0}}))
    for step, lr in ((100, 0.001), (150, 0.5), (201, 0.25)):
        assert past(view, known, step, 0.0).window.facts.spec["optim.lr"] == lr, step


def test_columns_as_rows() -> None:
    dtype = dtype_steps(["part"])
    made = rows({"step": np.array([1.0, 2.0]), "loss": np.array([0.5, 0.25])}, dtype)
    assert made["step"].tolist() == [1, 2] and made["loss"].tolist() == [0.5, 0.25]
    assert np.isnan(made["part"]).all() and made["nonfinite"].tolist() == [0, 0]
    assert len(rows({}, dtype)) == 0
