"""Ranks that keep a part of every weight make the steps of one process that keeps all."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

from tests.engine.ranked import ranked
from tests.engine.recorder import Ask, AtSteps, MemorySink, every_checkpoint
from tuiwb.base.errors import UserError
from tuiwb.engine import checkpoint, shared
from tuiwb.engine.build import build
from tuiwb.engine.device import Device
from tuiwb.engine.loop import train
from tuiwb.engine.ranks import ALONE, Ranks
from tuiwb.engine.rolling import Checkpoints
from tuiwb.engine.shared import Many, to_shard
from tuiwb.probes.watcher import Watcher
from tuiwb.spec import resolve
from tuiwb.tasks.task import turns_of
from tuiwb.worker.following import Nowhere

GPT = ("model.size=xs", "data.vocabulary=37", "data.tokens=2000", "data.context=16",
       "data.batch_size=7", "schedule.warmup=2", "train.shard=on")  # fmt: skip
FEW = (*GPT, "train.steps=4", "probe.budget=0")
SGD = ("optim.name=sgd", "optim.momentum=0.9", "optim.lr=0.1")


@pytest.fixture(autouse=True, scope="module")
def _loaded_once() -> None:
    """What every rank would load by itself."""
    for name in ("torch._dynamo", "tuiwb.engine.sharded"):
        importlib.import_module(name)


class Told(NamedTuple):
    """What came of one rank's training."""

    losses: list[float]
    norms: list[float]
    layers: list[tuple[int, np.ndarray]]
    histograms: list[tuple[int, np.ndarray]]
    pictures: list[int]
    metrics: Mapping[str, float]
    events: list[dict[str, Any]]
    answers: dict[int, tuple[int | None, str | None]]


def trained(
    ranks: Ranks,
    folder: Path,
    *settings: str,
    asked: Mapping[int, Ask] | None = None,
    begin: Mapping[str, Any] | None = None,
    wanted: bool = False,
) -> Told:
    """Rank 0 hears what is asked and keeps checkpoints, as in a run."""
    session = build(resolve("gpt2-124m", settings).spec, ranks)
    sink, asked = MemorySink(), dict(asked or {})
    keeps: Any = Checkpoints(folder) if ranks.leads else Nowhere()
    keeps.wanted = wanted and ranks.leads
    with every_checkpoint():
        outcome = train(session, sink, AtSteps(asked if ranks.leads else {}), keeps, begin)
    return Told(
        sink.losses,
        [row.grad_norm for row in sink.rows],
        sink.layer_rows,
        sink.histogram_rows,
        [step for step, _ in sink.pictures],
        outcome.metrics,
        sink.events,
        {step: (ask.accepted, ask.refused) for step, ask in asked.items()},
    )


def state(folder: Path, step: int) -> dict[str, Any]:
    return checkpoint.load(folder / f"{step:08d}")


def check_losses(told: Told, alone: Told) -> None:
    assert len(told.losses) == len(alone.losses)
    np.testing.assert_allclose(told.losses, alone.losses, rtol=0, atol=1e-6)


def test_sharded_ranks_make_the_steps_of_one_process(tmp_path: Path) -> None:
    few: tuple[str, ...] = (
        *FEW,
        *SGD,
        "train.clip_norm=0.5",
        "regularize.weight_decay=0.1",
        "regularize.l1=1e-4",
    )
    more = ("train.accumulate=2", "train.patience=1", "train.eval_every=2")
    others = ("adam", "rmsprop", "adagrad")

    def work(ranks: Ranks) -> list[Told]:
        told = [trained(ranks, tmp_path / str(ranks.world), *few, *more)]
        for name in others:
            told.append(trained(ranks, tmp_path / name, *FEW, f"optim.name={name}"))
        assert ranks.sharded == (ranks.world > 1)
        return told

    alone = work(ALONE)
    for told in ranked(tmp_path / "r", 2, work):
        for mine, one in zip(told, alone, strict=True):
            check_losses(mine, one)
        np.testing.assert_allclose(told[0].norms, alone[0].norms, rtol=1e-5)
        assert told[0].metrics["val_loss"] == pytest.approx(alone[0].metrics["val_loss"], abs=1e-6)
    whole, parts = (state(tmp_path / world, 4)["model"] for world in ("1", "2"))
    assert parts.keys() == whole.keys()
    assert parts["head.weight"].data_ptr() == parts["tokens.weight"].data_ptr()
    for name, weight in whole.items():
        torch.testing.assert_close(parts[name], weight, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_a_hundred_steps_lose_no_more_than_rounding(tmp_path: Path) -> None:
    few = (*GPT, "train.steps=100", "train.eval_every=25")
    alone = trained(ALONE, tmp_path / "alone", *few)
    first, second = ranked(tmp_path / "r", 2, lambda ranks: trained(ranks, tmp_path / "two", *few))
    assert first.losses == second.losses and len(first.losses) == 100
    check_losses(first, alone)
    assert alone.losses[-1] < alone.losses[0] - 0.03


def same(one: Any, other: Any) -> bool:
    """Whether two states are the same, bit for bit."""
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else bool(one == other)


def test_a_checkpoint_is_the_same_for_one_process_and_for_many(tmp_path: Path) -> None:
    few = (*GPT, "train.steps=6", "train.eval_every=2", "train.patience=9", "probe.budget=0")
    kept = ("model", "moving", "early_stopping", "random", "metrics", "step")

    def stop(ranks: Ranks, to: str, begin: Mapping[str, Any], at: int = 4) -> Told:
        asked = {at: Ask("stop")}
        return trained(ranks, tmp_path / to, *few, asked=asked, begin=begin)

    def kept_in(name: str) -> dict[str, Any]:
        whole = state(tmp_path / name, 4)
        return whole | {"moving": [one["state"] for one in whole["optimizers"]]}

    ranked(tmp_path / "r1", 2, lambda ranks: trained(ranks, tmp_path / "two", *few))
    first = kept_in("two")
    stop(ALONE, "one", first)
    second = kept_in("one")
    ranked(tmp_path / "r2", 2, lambda ranks: stop(ranks, "two again", second))
    third = kept_in("two again")
    for key in kept:
        assert same(first[key], second[key]) and same(second[key], third[key]), key
    assert first["moving"][0][0]["exp_avg"].abs().sum() > 0

    whole = trained(ALONE, tmp_path / "whole", *few)
    alone = trained(ALONE, tmp_path / "on alone", *few, begin=third)
    again = ranked(
        tmp_path / "r3", 2, lambda ranks: trained(ranks, tmp_path / "on", *few, begin=second)
    )
    for told in (alone, *again):
        np.testing.assert_allclose(told.losses, whole.losses[4:], rtol=0, atol=1e-6)


def test_figures_of_layers_are_of_the_whole_weights(tmp_path: Path) -> None:
    few = (*GPT, "train.steps=4", "train.eval_every=2", "probe.budget=1", *SGD)
    alone = trained(ALONE, tmp_path / "alone", *few)
    first, second = ranked(tmp_path / "r", 2, lambda ranks: trained(ranks, tmp_path / "two", *few))
    check_losses(first, alone)
    assert first.pictures and not second.pictures
    assert [row[0] for row in first.layers] == [row[0] for row in alone.layers][: len(first.layers)]
    assert not second.layers and first.norms[0] == pytest.approx(alone.norms[0], rel=1e-5)
    session = build(resolve("gpt2-124m", few).spec)
    columns = list(Watcher(session.layers, 1.0).columns)
    of_weights = ["grad_norm", "update_ratio", "weight_norm", "weight_rows", "weight_rank"]
    rows = [columns.index(name) for name in of_weights]
    np.testing.assert_allclose(first.layers[0][1][rows], alone.layers[0][1][rows], rtol=1e-4)
    assert np.isfinite(first.layers[0][1][rows]).any(axis=1).all()
    small = [i for i, layer in enumerate(session.layers) if 0 < layer.parameters <= 2048]
    mine, one = (told.histograms[0][1][1, small] for told in (first, alone))
    assert mine.sum() == one.sum() > 0 and np.abs(mine - one).sum() < 0.01 * one.sum()


def test_what_rank_0_is_asked_or_finds_is_kept_with_the_parts_of_all(tmp_path: Path) -> None:
    few = (*GPT, "train.steps=12", "train.eval_every=9", "probe.budget=0.5")
    asked = {
        4: Ask("set", {"optim.lr": 0.02}),
        5: Ask("checkpoint"),
        6: Ask("picture"),
        7: Ask("evaluate"),
        8: Ask("probe", {"study": "noise-scale"}),
        9: Ask("stop", {"when": "now"}),  # the evaluation is broken off
    }
    first, second = ranked(
        tmp_path / "r",
        2,
        lambda ranks: trained(ranks, tmp_path / "two", *few, asked=asked, wanted=True),
    )
    assert first.losses == second.losses and len(first.losses) == 9
    assert {step: at for step, (at, _) in first.answers.items()} == {
        4: 4, 5: 5, 6: 6, 7: 7, 8: None, 9: 9,
    }  # fmt: skip
    assert "a study copies the model" in (first.answers[8][1] or "")
    kept = {e["step"]: e["reason"] for e in first.events if e["kind"] == "checkpoint"}
    assert kept == {2: "finding", 4: "before a set", 5: "asked", 9: "stop"}
    for step in kept:
        assert state(tmp_path / "two", step)["model"]["tokens.weight"].shape == (37, 32)


class Fake:
    """Ranks of which only the number counts."""

    def __init__(self, world: int) -> None:
        self.world = world


def test_what_is_sharded_and_what_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    two: Any = Fake(2)
    one: Any = Fake(1)

    def decided(
        *settings: str, preset: str = "mlp-digits", ranks: Any = two, gpu: bool = False
    ) -> bool:
        session = build(resolve(preset, settings).spec)
        if gpu:
            session = dataclasses.replace(session, device=Device(torch.device("cuda"), None))
        return to_shard(session, ranks)

    assert decided("train.shard=on") and not decided("train.shard=on", ranks=one)
    assert not decided(gpu=True)
    monkeypatch.setattr(shared, "LARGE", 1000)
    assert decided(gpu=True) and not decided() and not decided("train.shard=off", gpu=True)
    assert not decided(preset="lbfgs-digits", gpu=True)
    with pytest.raises(UserError, match="'lbfgs' cannot be sharded"):
        decided("train.shard=on", preset="lbfgs-digits")
    with pytest.raises(UserError, match="a study copies the model"):
        decided("train.shard=on", 'probe.studies=["gradient-check"]')
    with pytest.raises(UserError, match="'adversarial' is not trained by several"):
        decided("train.shard=on", preset="gan-ring")


def test_a_model_that_cannot_be_sharded_is_said_to_be(tmp_path: Path) -> None:
    def add_a_number(model: nn.Module) -> None:
        model.register_parameter("number", nn.Parameter(torch.tensor(1.0)))

    def look_into_a_block(model: nn.Module) -> None:
        inner: Any = model.forward
        norm: Any = model.get_submodule("blocks.0.norm1")
        model.forward = lambda x: norm.weight.sum() * inner(x)

    def work(ranks: Many) -> list[str]:
        from tuiwb.engine.sharded import Shards

        told = []
        for change in (add_a_number, look_into_a_block):
            session = build(resolve("gpt2-124m", [*GPT, "train.shard=off"]).spec, ranks)
            change(session.model)
            with pytest.raises(UserError, match="'gpt' cannot be sharded") as caught:
                Shards(session)
            told.append(f"{caught.value.found}, {caught.value.allowed}")
        return told

    (number, inside), _ = ranked(tmp_path / "r", 2, work)
    assert "scalar" in number and "DTensor" in inside and number.endswith("train.shard = off")


def test_blocks_are_what_repeats_is_entered_and_shares_nothing() -> None:
    from tuiwb.engine.sharded import blocks_of

    session = build(resolve("gpt2-124m", GPT).spec)
    blocks = list(session.model.get_submodule("blocks").children())
    assert blocks_of(session) == blocks
    session.model.get_submodule("norm").weight = blocks[0].get_submodule("norm1").weight
    assert blocks_of(session) == blocks[1:]
    blocks[1].forward = nn.Identity()
    session.model.forward = lambda x: nn.functional.one_hot(x, 37).float()
    session.turns = turns_of(session.task, session.model)
    assert blocks_of(session) == []
