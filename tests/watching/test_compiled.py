"""Compiled models: every row and figure is there, and the graph is the user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import tuiwb
from tests.watching.helpers import (
    EVERY,
    STEPS,
    cross_entropy,
    kinds,
    layers_of,
    network,
    sgd,
    whole,
)
from tuiwb.api import open_run
from tuiwb.watching.compiled import few, is_compiled, original


@pytest.fixture(autouse=True)
def fresh_graphs() -> Iterator[None]:
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def whole_graph(model: nn.Module) -> nn.Module:
    return torch.compile(model, backend="eager", fullgraph=True)  # type: ignore[return-value]


def in_place(model: nn.Module) -> nn.Module:
    model.compile(backend="eager")
    return model


def fit(
    folder: Path | None, compiled: Callable[[nn.Module], nn.Module], watch_first: bool = False
) -> list[torch.Tensor]:
    plain = network()
    model = plain if watch_first else compiled(plain)
    optimizer = sgd(model)
    run = None
    if folder is not None:
        run = tuiwb.watch(model, optimizer, runs=folder, name="r", budget=EVERY)
    model = compiled(plain) if watch_first else model
    for i in range(STEPS):
        optimizer.zero_grad()
        loss = cross_entropy(model, i)
        loss.backward()
        optimizer.step()
        if run is not None:
            run.step(loss=loss)
    if run is not None:
        run.close()
    assert all(module.training for module in plain.modules())
    return [*plain.parameters(), torch.rand(4)]


@pytest.mark.parametrize("compiled", [whole_graph, in_place])
def test_layers_of_a_compiled_model(
    tmp_path: Path, compiled: Callable[[nn.Module], nn.Module]
) -> None:
    watched = fit(tmp_path, compiled)
    torch._dynamo.reset()
    for one, other in zip(watched, fit(None, compiled), strict=True):
        assert torch.equal(one, other)
    view = open_run(tmp_path / "r")
    whole(view)
    assert [layer.name for layer in view.layers] == ["0", "1", "3"]
    last = layers_of(view)[-1]
    assert np.isfinite(last["grad_norm"][kinds(view, "Linear")]).all()
    assert np.isfinite(last["act_std"]).all() and np.isfinite(last["act_zero"]).all()


@pytest.mark.parametrize("compiled", [whole_graph, in_place])
def test_a_model_that_is_compiled_after_watch(
    tmp_path: Path, compiled: Callable[[nn.Module], nn.Module]
) -> None:
    fit(tmp_path, compiled, watch_first=True)
    view = open_run(tmp_path / "r")
    whole(view)
    assert np.isfinite(layers_of(view)["grad_norm"][-1][kinds(view, "Linear")]).all()


def test_the_model_is_left_as_it_was(tmp_path: Path) -> None:
    model = in_place(network())
    before = model._compiled_call_impl
    optimizer = sgd(model)
    with tuiwb.watch(model, optimizer, runs=tmp_path, budget=EVERY) as run:
        for i in range(3):
            cross_entropy(model, i).backward()
            optimizer.step()
            run.step()
        assert model._compiled_call_impl is not before
    assert model._compiled_call_impl is before


def test_a_model_that_runs_only_compiled_has_all_but_its_activations(tmp_path: Path) -> None:
    class Only(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(8, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if not torch.compiler.is_compiling():
                raise RuntimeError("too slow to be run like this")
            return self.layer(x)  # type: ignore[no-any-return]

    model = torch.compile(Only(), backend="eager")
    optimizer = sgd(model)  # type: ignore[arg-type]
    with tuiwb.watch(model, optimizer, runs=tmp_path, name="r", budget=EVERY) as run:  # type: ignore[arg-type]
        for i in range(STEPS):
            loss = cross_entropy(model, i)  # type: ignore[arg-type]
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
    view = open_run(tmp_path / "r")
    whole(view)
    last = layers_of(view)[-1]
    assert np.isfinite(last["grad_norm"]).all() and np.isnan(last["act_std"]).all()
    assert any("cannot be run uncompiled" in e.get("text", "") for e in view.events)


def test_the_module_underneath() -> None:
    plain = network()
    assert original(plain) is plain and not is_compiled(plain)
    outer = nn.DataParallel(whole_graph(plain))
    assert original(outer) is plain and is_compiled(outer)


def test_the_first_samples_of_a_nest() -> None:
    x = torch.arange(100.0)
    kept = few({"a": [x, (x, 3)], "b": torch.tensor(1.0), "c": None})
    assert kept["a"][0].tolist() == list(range(32)) and kept["a"][1][1] == 3
    assert kept["b"] == 1 and kept["c"] is None
    x.zero_()
    assert kept["a"][1][0][5] == 5  # a copy: the loop may write over its batch
