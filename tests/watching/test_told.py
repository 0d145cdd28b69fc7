"""What a watched loop tells of itself: its optimiser, its first batch, how long it will be."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import tuiwb
from tests.watching.helpers import batch, cross_entropy, network, sgd, train, whole
from tuiwb.api import open_run
from tuiwb.client.diagnose import diagnose, windows
from tuiwb.doctor.window import Facts
from tuiwb.run.view import RunView
from tuiwb.watching.inputs import data_of
from tuiwb.watching.plain import planned_steps
from tuiwb.worker.rounds import Rounds


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> list[Facts]:
    """The facts of every round that is made beside a loop."""
    seen: list[Facts] = []
    make = Rounds.make

    def noted(self: Rounds, now: float) -> None:
        seen.append(self.facts)
        make(self, now)

    monkeypatch.setattr(Rounds, "make", noted)
    return seen


def symptoms(view: RunView) -> set[str]:
    return {finding.symptom for finding in diagnose(view)}


def test_rules_have_the_same_facts_live_and_after_the_fact(
    tmp_path: Path, live: list[Facts]
) -> None:
    model = network()
    hparams = {"lr": 0.25, "batch": 16, "nested": {"a": [1, None]}, "odd": math.inf}
    view = train(model, sgd(model, 0.25), tmp_path, hparams=hparams)
    whole(view)
    later = list(windows(view))[-1].facts
    assert later == live[-1]
    assert later.spec["optim.name"] == "sgd" and later.spec["optim.lr"] == 0.25
    assert later.spec["hparams.batch"] == 16 and later.spec["hparams.nested"] == {"a": [1, None]}
    assert later.number("data.batch_size") == 16 and later.inputs["features"] == 8


@pytest.mark.slow
def test_the_remedy_of_a_finding_knows_the_rate_live_and_after_the_fact(tmp_path: Path) -> None:
    def climbs(model: nn.Module, seed: int) -> torch.Tensor:
        return cross_entropy(model, seed) + 0.02 * seed

    model = network()
    view = train(model, sgd(model, 0.5), tmp_path, climbs, steps=300)
    told = [f for f in view.findings if f["symptom"] == "divergence"]
    later = [f for f in diagnose(view) if f.symptom == "divergence"]
    assert told and later
    assert told[0]["remedy"]["change"] == later[0].remedy.change
    assert 0 < later[0].remedy.change["optim.lr"] < 0.5


@pytest.mark.slow
def test_inputs_that_are_not_scaled_are_found(tmp_path: Path) -> None:
    def unscaled(model: nn.Module, seed: int) -> torch.Tensor:
        x, y = batch(seed)
        return nn.functional.cross_entropy(model(300 * x), y)

    model = network()
    view = train(model, sgd(model, 1e-4), tmp_path, unscaled, steps=60)
    assert "unscaled-input" in {f["symptom"] for f in view.findings}
    assert "unscaled-input" in symptoms(view)
    sound = train(model, sgd(model, 1e-4), tmp_path, steps=60, name="sound")
    assert "unscaled-input" not in symptoms(sound)


X = torch.arange(24.0).reshape(6, 4)


@pytest.mark.parametrize(
    ("given", "size", "features"),
    [
        (X, 6, 4),
        ((X, torch.zeros(6, dtype=torch.long)), 6, 4),
        ({"labels": torch.rand(6, 9), "sample_weight": torch.rand(6, 2), "x": X}, 6, 4),
        (((), {"input": [X]}), 6, 4),
        (X.reshape(2, 3, 2, 2), 2, 3),
        (X.reshape(2, 3, 4), 2, 1),
        (X.to(torch.float8_e4m3fn), 6, 4),
        (X.to(torch.bfloat16), 6, 4),
        (X.long(), 6, None),
        (X[:, 0], 6, None),
        (X.to("meta"), 6, None),
        (X.to_sparse(), 6, None),
        (X[:0], None, None),
        (torch.tensor(1.0), None, None),
        ({"name": "no tensor"}, None, None),
    ],
)  # fmt: skip
def test_batches_of_every_kind(given: Any, size: int | None, features: int | None) -> None:
    found = data_of(given)
    assert found.get("batch_size") == size
    assert found.get("inputs", {}).get("features") == features


def test_inputs_that_are_not_finite_tell_nothing(tmp_path: Path) -> None:
    assert data_of(torch.full((4, 3), math.nan)) == {"batch_size": 4, "inputs": {}}


def test_a_large_batch_is_looked_at_in_part() -> None:
    thin = torch.zeros(1).expand(4096, 3, 512, 512)
    assert data_of(thin)["inputs"]["largest"] == 0


@pytest.mark.parametrize(
    ("given", "planned"),
    [(12, 12), (12.0, 12), (torch.tensor(7), 7), (None, None), (math.inf, None), (math.nan, None),
     (0, None), (-1, None), ("many", None), (1 << 60, None)],
)  # fmt: skip
def test_planned_steps(given: Any, planned: int | None) -> None:
    assert planned_steps(given) == planned


def test_how_many_steps_are_planned_is_shown(tmp_path: Path) -> None:
    with tuiwb.watch(network(), runs=tmp_path, name="r", steps=40) as run:
        run.step(loss=1.0)
    assert open_run(tmp_path / "r").status.steps == 40
    with tuiwb.watch(network(), runs=tmp_path, name="u") as run:
        run.step(loss=1.0)
    assert open_run(tmp_path / "u").status.steps is None
