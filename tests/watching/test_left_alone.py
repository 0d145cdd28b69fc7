"""Watching leaves a training alone: the same bits, and on with it whatever of ours breaks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import tuiwb
from tests.watching.helpers import (
    EVERY,
    batch,
    cross_entropy,
    errors,
    layers_of,
    network,
    sgd,
    steps_of,
    train,
    whole,
)
from tuiwb.api import open_run
from tuiwb.probes.instrument import Bench
from tuiwb.probes.taps import Taps
from tuiwb.watching.loop import Loop


@pytest.mark.parametrize("kind", ["SGD", "AdamW"])
def test_watched_and_unwatched_training_are_bit_identical(tmp_path: Path, kind: str) -> None:
    def run(watched: bool) -> list[torch.Tensor]:
        model = network()
        optimizer = getattr(torch.optim, kind)(model.parameters(), lr=0.05)
        if watched:
            whole(train(model, optimizer, tmp_path, steps=30), 30)
        else:
            for i in range(30):
                optimizer.zero_grad()
                cross_entropy(model, i).backward()
                optimizer.step()
        return [*model.parameters(), torch.rand(4)]

    for one, other in zip(run(True), run(False), strict=True):
        assert torch.equal(one, other)


WAYS = {
    "forward": (Taps, "take"),
    "input": (Taps, "take_input"),
    "backward": (Taps, "take_gradient"),
    "attach": (Bench, "attach"),
    "observe": (Bench, "observe"),
    "read": (Bench, "read"),
    "detach": (Bench, "detach"),
}
OURS = [
    "_before_forward", "_before_update", "_gradients_there", "_after_update", "step", "_gather",
    "_row_is_due", "begin", "drain", "obey", "evaluate", "_settle", "close", "let_go", "batch",
]  # fmt: skip


@pytest.mark.parametrize("way", [*WAYS, *OURS])
@pytest.mark.parametrize("closure", [False, True])
def test_a_crash_of_ours_anywhere_warns_once_and_the_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, closure: bool
) -> None:
    owner, name = WAYS.get(way, (Loop, way))
    original, broken = getattr(owner, name), [False]

    def breaking(*args: Any, **kwargs: Any) -> Any:
        if broken[0]:
            raise ZeroDivisionError("ours")
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, breaking)
    monkeypatch.setattr("tuiwb.engine.telling.LATEST", 0.0)  # each row by itself

    def run(watched: bool) -> list[torch.Tensor]:
        model = network()
        optimizer = sgd(model)
        options: dict[str, Any] = {"runs": tmp_path, "name": "r", "budget": EVERY}
        run = tuiwb.watch(model, optimizer, **options) if watched else None
        for i in range(6):
            broken[0] = watched and (i >= 3 or way in ("begin", "_settle"))

            def lossy(i: int = i, model: nn.Module = model, optimizer: Any = optimizer) -> Any:
                optimizer.zero_grad()
                loss = cross_entropy(model, i)
                loss.backward()
                return loss

            if closure:
                loss = optimizer.step(lossy)
            else:
                loss = lossy()
                optimizer.step()
            if run is not None:
                run.step(loss=loss)
                run.evaluate(loss=1.0)
                time.sleep(0.03)
        if run is not None:
            run.close()
            assert not model._forward_pre_hooks or way in ("let_go", "unhook")
        broken[0] = False
        return [*model.parameters(), torch.rand(4)]

    with pytest.warns(RuntimeWarning, match="the training goes on") as caught:
        here = run(True)
    assert len(caught) == 1
    view = open_run(tmp_path / "r")
    assert view.status.ended_now
    if way not in ("let_go", "detach"):  # which come after the end was told
        assert view.status.state == "failed"
        assert "ours" in errors(view)[-1]["what"]
    for one, other in zip(here, run(False), strict=True):
        assert torch.equal(one, other)


def test_watching_costs_no_more_than_its_hooks_in_a_step_that_is_not_sampled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: dict[str, int] = {}
    for owner, name in WAYS.values():
        original = getattr(owner, name)

        def counted(*args: Any, _original: Any = original, _name: str = name, **kwargs: Any) -> Any:
            calls[_name] = calls.get(_name, 0) + 1
            return _original(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)
    model = network()
    view = train(model, sgd(model), tmp_path, steps=40, budget=0.0)
    whole(view, 40)
    assert set(calls) <= {"detach"} and calls.get("detach", 0) <= 1
    assert not len(layers_of(view))
    assert np.isfinite(steps_of(view)["loss"]).all()


def test_an_evaluation_between_steps_is_no_waiting_for_data(tmp_path: Path) -> None:
    from tuiwb.watching import loop as module

    clock = [0.0]
    model = network()
    optimizer = sgd(model)
    real = module.time.perf_counter
    try:
        module.time.perf_counter = lambda: clock[0]  # type: ignore[assignment]
        with tuiwb.watch(model, optimizer, runs=tmp_path, name="r", budget=0.0) as run:
            for i in range(6):
                model.eval()
                with torch.no_grad():
                    clock[0] += 50.0
                    model(batch()[0])
                model.train()
                clock[0] += 0.25
                loss = cross_entropy(model, i)
                loss.backward()
                clock[0] += 0.75
                optimizer.step()
                run.step(loss=loss)
    finally:
        module.time.perf_counter = real  # type: ignore[assignment]
    rows = steps_of(open_run(tmp_path / "r"))
    assert np.allclose(rows["wait_s"], 0.25)
    assert np.allclose(rows["samples_per_s"], 16.0)
