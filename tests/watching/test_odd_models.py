"""Models of every kind under `tuiwb.watch`: every row, and a training left alone."""

from __future__ import annotations

import copy
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import tuiwb
from tests.watching.helpers import (
    EVERY,
    STEPS,
    batch,
    cross_entropy,
    kinds,
    layers_of,
    network,
    sgd,
    steps_of,
    train,
    whole,
)
from tuiwb.api import open_run


class Own(nn.Module):
    """A module made of parts and a function."""

    def __init__(self, run: Any, **parts: nn.Module) -> None:
        super().__init__()
        self.run = run
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x: torch.Tensor) -> Any:
        return self.run(self, x)


def test_a_model_without_parameters_has_losses_only(tmp_path: Path) -> None:
    with tuiwb.watch(nn.ReLU(), None, runs=tmp_path, name="r") as run:
        for i in range(STEPS):
            run.step(loss=float(i))
    view = open_run(tmp_path / "r")
    whole(view)
    assert steps_of(view)["loss"].tolist() == list(range(STEPS))
    assert any("no parameters" in e.get("text", "") for e in view.events)


def test_tied_parameters_count_once_in_the_total_and_show_in_both_layers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    first, last = nn.Linear(8, 8), nn.Linear(8, 8)
    last.weight = first.weight
    model = nn.Sequential(first, nn.Tanh(), last)
    view = train(model, sgd(model), tmp_path)
    whole(view)
    assert view.parameters == 64 + 8 + 8
    norms = layers_of(view)["grad_norm"][-1][kinds(view, "Linear")]
    assert np.isfinite(norms).all() and (norms > 0).all()


def test_lazily_built_layers_are_seen_and_those_never_called_left_out(tmp_path: Path) -> None:
    model = Own(lambda m, x: m.a(x), a=nn.LazyLinear(2), never=nn.LazyLinear(3))
    optimizer = sgd(model)
    view = train(model, optimizer, tmp_path)
    whole(view)
    assert [layer.name for layer in view.layers] == ["a"]
    assert view.parameters == 18


def test_an_evaluation_before_the_first_step_waits_for_no_lazy_layer(tmp_path: Path) -> None:
    model = nn.Sequential(nn.LazyLinear(2))
    view = train(
        model, sgd(model), tmp_path, at=lambda i, run: run.evaluate(loss=2.0) if i == 0 else None
    )
    whole(view)
    assert view.metrics["val_loss"] == 2.0


def test_sparse_gradients_have_their_norm(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(50, 4, sparse=True))
    optimizer = torch.optim.SparseAdam(list(model.parameters()), lr=0.1)
    norms = []

    def loss(m: nn.Module, i: int) -> torch.Tensor:
        return m(torch.tensor([i, i + 1, i])).square().sum()

    twin = copy.deepcopy(model)
    for i in range(1):
        loss(twin, i).backward()
        norms.append(float(twin[0].weight.grad.to_dense().norm()))  # type: ignore[union-attr,operator]
    view = train(model, optimizer, tmp_path, loss)
    whole(view)
    rows = layers_of(view)
    assert np.isfinite(rows["grad_norm"]).all() and np.isfinite(rows["update_ratio"]).all()
    # a row looked up twice counts with the sum of both gradients
    second = copy.deepcopy(twin)
    assert second[0].weight.shape == (50, 4) and norms[0] > 0


def test_complex_and_integer_parameters_and_outputs(tmp_path: Path) -> None:
    torch.manual_seed(0)

    class Turn(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(8, 8, dtype=torch.complex64))
            self.table = nn.Parameter(torch.arange(8), requires_grad=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.to(torch.complex64) @ self.weight

    class Index(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(8))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (x.real + self.bias).argmax(1)

    model = Own(
        lambda m, x: m.head((z := m.turn(x)).abs() + m.index(z)[:, None]),
        turn=Turn(), index=Index(), head=nn.Linear(8, 2),
    )  # fmt: skip
    view = train(model, sgd(model), tmp_path)
    whole(view)
    rows = layers_of(view)
    turn = [layer.name for layer in view.layers].index("turn")
    assert np.isfinite(rows["grad_norm"][-1][turn]) and np.isfinite(rows["update_ratio"][-1][turn])
    assert np.isnan(rows["act_mean"][-1][turn])


def test_modules_called_twice_or_never_and_odd_outputs(tmp_path: Path) -> None:
    torch.manual_seed(0)

    def run(m: Any, x: torch.Tensor) -> dict[str, Any]:
        hidden, (state, _) = m.lstm(m.twice(m.twice(x))[None])
        return {"nothing": None, "out": (m.head(hidden[0]), state)}

    model = Own(
        run, twice=nn.Linear(8, 8), never=nn.Linear(8, 8), lstm=nn.LSTM(8, 8), head=nn.Linear(8, 2)
    )
    view = train(
        model, sgd(model), tmp_path,
        lambda m, i: nn.functional.cross_entropy(m(batch(i)[0])["out"][0], batch(i)[1]),
    )  # fmt: skip
    whole(view)
    names = [layer.name for layer in view.layers]
    last = layers_of(view)[-1]
    assert np.isfinite(last["act_mean"][names.index("twice")])
    assert np.isfinite(last["act_mean"][names.index("lstm")])
    assert np.isnan(last["act_mean"][names.index("never")])
    assert np.isnan(last["grad_norm"][names.index("never")])


@pytest.mark.parametrize("to", [torch.float64, torch.bfloat16])
def test_a_model_that_changes_its_type_under_way(tmp_path: Path, to: torch.dtype) -> None:
    model = network()
    optimizer = sgd(model)

    def loss(m: nn.Module, i: int) -> torch.Tensor:
        if i == 5:
            m.to(to)
        x, y = batch(i)
        return nn.functional.cross_entropy(m(x.to(next(m.parameters()).dtype)), y)

    view = train(model, optimizer, tmp_path, loss)
    whole(view)
    rows = layers_of(view)
    assert np.isfinite(rows["update_ratio"][-1][kinds(view, "Linear")]).all()


def test_a_default_type_of_64_bits(tmp_path: Path) -> None:
    torch.set_default_dtype(torch.float64)
    try:
        model = network()
        optimizer = sgd(model)
        x = torch.randn(16, 8)
        view = train(model, optimizer, tmp_path, lambda m, i: m(x).square().mean())
    finally:
        torch.set_default_dtype(torch.float32)
    whole(view)
    assert np.isfinite(layers_of(view)["weight_norm"][-1][kinds(view, "Linear")]).all()


def test_a_model_moved_to_where_nothing_is_computed(tmp_path: Path) -> None:
    model = network()
    optimizer = sgd(model)
    with tuiwb.watch(model, optimizer, runs=tmp_path, name="r", budget=EVERY) as run:
        for i in range(4):
            optimizer.zero_grad()
            loss = cross_entropy(model, i)
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
        model.to("meta")
        with pytest.warns(RuntimeWarning, match="the training goes on") as caught:
            for _ in range(4):
                loss = model(torch.ones(16, 8, device="meta")).mean()
                loss.backward()
                optimizer.step()
                run.step(loss=1.0)
    assert len(caught) == 1
    assert steps_of(open_run(tmp_path / "r"))["step"].tolist()[:4] == [1, 2, 3, 4]


def test_copies_and_files_of_the_model_at_a_sampled_step(tmp_path: Path) -> None:
    model = network()
    optimizer = sgd(model)
    kept: list[nn.Module] = []

    def copies(i: int, run: Any) -> None:
        assert len(model._forward_pre_hooks) == 1
        if i > 1:
            assert model[0]._forward_hooks, "not a sampled step: the test shows nothing"
        kept.append(copy.deepcopy(model))
        file = io.BytesIO()
        torch.save(model, file)
        assert b"tuiwb" not in file.getvalue()
        file.seek(0)
        kept.append(torch.load(file, weights_only=False))
        copy.deepcopy(optimizer)
        assert copy.deepcopy(run).path is None

    view = train(model, optimizer, tmp_path, at=copies)
    whole(view)
    x, _ = batch()
    for twin in kept:
        assert twin.train()(x).shape == (16, 2)
    whole(open_run(tmp_path / "r"))  # what copies compute is not this run's


def test_hooks_taken_off_by_the_user(tmp_path: Path) -> None:
    model = network()
    optimizer = sgd(model)

    def strip(i: int, run: Any) -> None:
        if i == 4:
            for module in model.modules():
                module._forward_hooks.clear()
                module._forward_pre_hooks.clear()
        if i == 7:
            optimizer._optimizer_step_pre_hooks.clear()
            optimizer._optimizer_step_post_hooks.clear()

    whole(train(model, optimizer, tmp_path, at=strip))


def test_two_models_in_one_process_and_one_watched_twice(tmp_path: Path) -> None:
    models = [network(0), network(1)]
    optimizers = [sgd(m) for m in models]
    runs = [
        tuiwb.watch(models[i], optimizers[i], runs=tmp_path, name=f"r{n}", budget=EVERY)
        for n, i in enumerate((0, 1, 1))
    ]
    for i in range(STEPS):
        for model, optimizer in zip(models, optimizers, strict=True):
            optimizer.zero_grad()
            cross_entropy(model, i).backward()
            optimizer.step()
        for n, run in enumerate(runs):
            run.step(loss=n)
    for n, run in enumerate(runs):
        run.close()
        view = open_run(tmp_path / f"r{n}")
        whole(view)
        assert set(steps_of(view)["loss"]) == {n}
        assert np.isfinite(layers_of(view)["grad_norm"][-1][kinds(view, "Linear")]).all()
    assert not any(m._forward_pre_hooks or m._forward_hooks for m in models[1].modules())
    assert not optimizers[1]._optimizer_step_pre_hooks
