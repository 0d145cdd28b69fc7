"""A population: every member's losses, checkpoints and ends are those of the run alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.engine.recorder import Ask, AtSteps, MemorySink, trained
from tuiwb.engine.build import build
from tuiwb.engine.checkpoint import load
from tuiwb.engine.loop import HOPELESS, Loop, Outcome
from tuiwb.engine.population.loop import Population
from tuiwb.engine.population.member import Member
from tuiwb.engine.population.trial import NotBatched
from tuiwb.engine.population.update import linear_in_lr
from tuiwb.engine.rolling import Checkpoints
from tuiwb.engine.state import restore
from tuiwb.spec import resolve
from tuiwb.spec.declarations import SHELVES

SHORT = ("train.eval_every=0", "probe.budget=0")


class Trained:
    """A population that has been trained, by member in the order of their settings."""

    def __init__(
        self,
        folder: Path,
        preset: str,
        settings: Sequence[Sequence[str]],
        asked: Mapping[int, Mapping[int, Ask]] | None = None,
    ) -> None:
        self.members: list[Member] = []
        ended: dict[int, Outcome | Exception] = {}
        for number, own in enumerate(settings):
            place = folder / str(number)
            place.mkdir(parents=True)
            session = build(resolve(preset, own).spec)
            controls = AtSteps((asked or {}).get(number, {}))
            checkpoints = Checkpoints(place / "checkpoints")
            self.members.append(Member(session, MemorySink(), controls, checkpoints))
        self.population = Population(
            self.members, lambda member, how: ended.update({id(member): how})
        )
        self.way = type(self.population._forward).__name__
        self.population.run()
        self.outcomes = [ended[id(member)] for member in self.members]
        self.sinks: list[Any] = [member.sink for member in self.members]


def apart(folder: Path, preset: str, together: Trained, settings: Sequence[Sequence[str]]) -> float:
    """The largest difference between a member's losses and those of the run alone."""
    largest = 0.0
    for number, own in enumerate(settings):
        alone = trained(folder / f"alone{number}", preset, *own)[1]
        rows = together.sinks[number].rows
        assert [row.step for row in rows] == [row.step for row in alone.rows]
        assert [row.lr for row in rows] == [row.lr for row in alone.rows]
        there = np.array([row.loss for row in rows])
        largest = max(largest, float(np.abs(there - alone.losses).max()))
    return largest


def test_eight_learning_rates_give_the_losses_of_eight_runs(tmp_path: Path) -> None:
    settings = [
        (f"optim.lr={lr:.3g}", "train.steps=100", *SHORT) for lr in np.geomspace(1e-4, 1e-2, 8)
    ]
    together = Trained(tmp_path, "mlp-digits", settings)
    assert together.way == "Layered"
    assert apart(tmp_path, "mlp-digits", together, settings) < 1e-5


def test_everything_that_may_differ_differs_and_nothing_changes(tmp_path: Path) -> None:
    settings = [
        ("optim.lr=0.003", "train.clip_norm=0.5", "regularize.weight_decay=0.1"),
        ("optim.lr=0.001", "train.seed=3", "regularize.l2=0.01", "optim.beta1=0.8"),
        ("schedule.name=cosine", "regularize.dropout=0.3", "schedule.warmup=5"),
        ("train.seed=4", "regularize.dropout=0.1", "regularize.l1=0.001", "init.name=xavier"),
        ("optim.beta1=0.8", "data.augment_shift=1", "data.augment_noise=0.1"),
    ]
    settings = [(*own, "train.steps=40", *SHORT) for own in settings]
    together = Trained(tmp_path, "mlp-digits", settings)
    assert apart(tmp_path, "mlp-digits", together, settings) < 1e-5
    assert any(row.clipped for row in together.sinks[0].rows)


def test_convolutions_and_batch_norm_with_decay_clip_and_schedule(tmp_path: Path) -> None:
    more = ("regularize.weight_decay=0.05", "train.clip_norm=1", "schedule.warmup=2", *SHORT)
    settings = [
        (f"optim.lr={lr}", "train.steps=6", "data.batch_size=16", *more) for lr in (1e-3, 4e-3)
    ]
    together = Trained(tmp_path, "cnn-digits", settings)
    assert together.way == "Layered"
    assert apart(tmp_path, "cnn-digits", together, settings) < 1e-5
    assert together.members[0].session.model.state_dict()["block1.norm.num_batches_tracked"] == 6


def test_what_is_no_row_of_layers_is_mapped(tmp_path: Path) -> None:
    wide = ("model.layers=2", "model.width=32", "model.skip=plain", *SHORT)
    settings = [(f"optim.lr={lr}", "train.steps=8", *wide) for lr in (1e-3, 4e-3)]
    together = Trained(tmp_path, "mlp-digits", settings)
    assert together.way == "Mapped"
    assert apart(tmp_path, "mlp-digits", together, settings) < 1e-5


@pytest.mark.parametrize("optimizer", [n for n in SHELVES["optim"].names() if n != "lbfgs"])
def test_every_optimiser_steps_as_it_does_alone(tmp_path: Path, optimizer: str) -> None:
    momentum = ("optim.momentum=0.9",) if optimizer in ("sgd", "rmsprop") else ()
    settings = [
        (f"optim.name={optimizer}", f"optim.lr={lr}", *momentum, "train.steps=8", *SHORT)
        for lr in (1e-3, 5e-3)
    ]
    together = Trained(tmp_path, "mlp-digits", settings)
    assert apart(tmp_path, "mlp-digits", together, settings) < 1e-5


def test_a_member_goes_on_alone_from_its_checkpoint(tmp_path: Path) -> None:
    settings = [
        (f"optim.lr={lr}", "train.steps=30", "regularize.dropout=0.2", *SHORT)
        for lr in (1e-3, 3e-3)
    ]
    stop = Ask("stop")
    together = Trained(tmp_path, "mlp-digits", settings, {1: {12: stop}})
    assert stop.accepted == 12
    assert [getattr(how, "state", how) for how in together.outcomes] == ["finished", "stopped"]
    assert [len(sink.rows) for sink in together.sinks] == [30, 12]

    session = build(resolve("mlp-digits", settings[1]).spec)
    sink = MemorySink()
    loop = Loop(session, sink, AtSteps({}), Checkpoints(tmp_path / "on"))
    restore(loop, load(tmp_path / "1" / "checkpoints" / "00000012"))
    loop.run()
    loop.close()
    alone = trained(tmp_path / "alone", "mlp-digits", *settings[1])[1]
    rows = together.sinks[1].rows + sink.rows
    assert [row.step for row in rows] == list(range(1, 31))
    assert np.allclose([row.loss for row in rows], alone.losses, atol=1e-5)


def test_who_leaves_changes_nothing_for_the_others(tmp_path: Path) -> None:
    settings = [
        (f"optim.lr={lr}", "train.steps=20", "optim.name=sgd", "optim.momentum=0.9", *SHORT)
        for lr in (1e-2, 2e-2, 3e-2)
    ]
    together = Trained(tmp_path, "mlp-digits", settings, {1: {5: Ask("stop")}})
    for number in (0, 2):
        alone = trained(tmp_path / f"a{number}", "mlp-digits", *settings[number])[1]
        assert np.allclose(together.sinks[number].losses, alone.losses, atol=1e-5)


def test_a_knob_is_set_for_one_member_alone(tmp_path: Path) -> None:
    settings = [("train.steps=20", *SHORT)] * 2
    change = {"optim.lr": 0.01, "optim.beta1": 0.5, "regularize.dropout": 0.2}
    asked = Ask("set", change)
    together = Trained(tmp_path, "mlp-digits", settings, {1: {7: asked}})
    assert asked.accepted == 7
    changed = trained(tmp_path / "b", "mlp-digits", *settings[0], at={7: Ask("set", change)})[1]
    plain = trained(tmp_path / "a", "mlp-digits", *settings[0])[1]
    for sink, alone in zip(together.sinks, (plain, changed), strict=True):
        assert np.allclose(sink.losses, alone.losses, atol=1e-5)


def test_a_shared_knob_is_refused_and_training_goes_on(tmp_path: Path) -> None:
    asked = Ask("set", {"loss.label_smoothing": 0.1})
    together = Trained(tmp_path, "mlp-digits", [("train.steps=6", *SHORT)] * 2, {0: {3: asked}})
    assert asked.refused is not None and "shared by all members" in asked.refused
    assert [len(sink.rows) for sink in together.sinks] == [6, 6]


def test_a_pause_of_one_holds_all_until_anybody_resumes(tmp_path: Path) -> None:
    looks = {"at": 0}

    class Later(AtSteps):
        def take(self, step: int) -> Sequence[Ask]:
            looks["at"] += step == 4
            return [Ask("resume")] if looks["at"] == 4 else []

    place = tmp_path / "x"
    members = []
    controls = [AtSteps({4: Ask("pause")}), Later({})]
    for number, control in enumerate(controls):
        session = build(resolve("mlp-digits", ["train.steps=8", *SHORT]).spec)
        (place / str(number)).mkdir(parents=True)
        checkpoints = Checkpoints(place / str(number) / "c")
        members.append(Member(session, MemorySink(), control, checkpoints))
    Population(members, lambda member, how: None).run()
    for member in members:
        sink: Any = member.sink
        states = [(e["state"], e["step"]) for e in sink.events if e["kind"] == "state"]
        assert states == [("paused", 4), ("training", 4)]
        assert len(sink.rows) == 8


def test_a_member_without_a_finite_loss_ends_as_diverged_alone(tmp_path: Path) -> None:
    settings = [
        ("optim.name=sgd", f"optim.lr={lr}", f"train.steps={2 * HOPELESS + 10}", *SHORT)
        for lr in (0.01, 100)
    ]
    together = Trained(tmp_path, "mlp-digits", settings)
    assert [getattr(how, "state", how) for how in together.outcomes] == ["finished", "diverged"]
    assert np.isfinite(together.sinks[0].losses).all()


def test_layers_are_looked_at_within_the_population(tmp_path: Path) -> None:
    settings = [(f"optim.lr={lr}", "train.steps=30", "probe.budget=1") for lr in (1e-3, 3e-3)]
    together = Trained(tmp_path, "mlp-digits", settings)
    assert apart(tmp_path, "mlp-digits", together, settings) < 1e-5
    alone = trained(tmp_path / "a", "mlp-digits", *settings[0])[1]
    for sink in together.sinks:
        assert sink.layer_rows and sink.histogram_rows
    (step, here), (_, there) = together.sinks[0].layer_rows[0], alone.layer_rows[0]
    assert step == 1
    assert np.allclose(here, there, rtol=1e-3, atol=1e-5, equal_nan=True)


def test_a_sink_that_fails_ends_its_own_member(tmp_path: Path) -> None:
    class Full(MemorySink):
        def steps(self, rows: Any) -> None:
            raise OSError(28, "No space left on device")

    members = []
    for number, sink in enumerate((MemorySink(), Full())):
        session = build(resolve("mlp-digits", ["train.steps=10", *SHORT]).spec)
        (tmp_path / str(number)).mkdir()
        members.append(
            Member(session, sink, AtSteps({}), Checkpoints(tmp_path / str(number) / "c"))
        )
    ended: dict[int, Outcome | Exception] = {}
    Population(members, lambda member, how: ended.update({members.index(member): how})).run()
    assert isinstance(ended[1], OSError)
    assert isinstance(ended[0], Outcome) and ended[0].state == "finished"
    assert [row.step for row in members[0].sink.rows] == list(range(1, 11))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("preset", "settings", "why"),
    [
        ("gan-ring", (), "more than one update"),
        ("mlp-digits", ("optim.name=lbfgs",), "several times a step"),
        ("mlp-digits", ("train.accumulate=2",), "over parts of a batch"),
        ("char-rnn", (), "lstm"),
        ("vae-digits", (), "random"),
    ],
)
def test_what_cannot_be_batched_says_why(
    tmp_path: Path, preset: str, settings: Sequence[str], why: str
) -> None:
    with pytest.raises(NotBatched, match=why):
        Trained(tmp_path, preset, [(*settings, "train.steps=2", *SHORT)] * 2)


def test_only_what_is_in_proportion_to_its_rate_is_scaled_by_it() -> None:
    assert linear_in_lr(resolve("mlp-digits").spec.optim)
    torch.manual_seed(0)
    knobs = resolve("mlp-digits", ["optim.name=lbfgs"]).spec.optim
    assert knobs.needs_closure, "it is refused before it could be tried"
