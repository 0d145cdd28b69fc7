"""Models and loops of every kind under `tuiwb.watch`: every row, and a training left alone."""

from __future__ import annotations

import copy
import io
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
    STEPS,
    batch,
    cross_entropy,
    errors,
    kinds,
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


def test_step_without_a_backward_pass(tmp_path: Path) -> None:
    model = network()
    optimizer = sgd(model)
    with tuiwb.watch(model, optimizer, runs=tmp_path, name="r", budget=EVERY) as run:
        for _ in range(STEPS):
            optimizer.step()
            run.step(loss=1.0)
    view = open_run(tmp_path / "r")
    whole(view)
    assert np.isnan(steps_of(view)["grad_norm"]).all()


def test_an_optimiser_that_never_steps_leaves_its_mean_loss(tmp_path: Path) -> None:
    model = network()
    with tuiwb.watch(model, sgd(model), runs=tmp_path, name="r") as run:
        for i in range(5):
            run.step(loss=float(i))
    assert steps_of(open_run(tmp_path / "r"))["loss"].tolist() == [2.0]


def test_accumulated_gradients_are_one_row_with_the_mean(tmp_path: Path) -> None:
    model = network()
    optimizer = sgd(model)
    with tuiwb.watch(model, optimizer, runs=tmp_path, name="r", budget=EVERY) as run:
        total = torch.zeros(())
        for i in range(12):
            loss = cross_entropy(model, i) / 4
            loss.backward()
            total.fill_(i)
            if i % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
            run.step(loss=total, part=2 * i)
            total.fill_(99)  # changed in place once it was told
    view = open_run(tmp_path / "r")
    whole(view, 3)
    assert steps_of(view)["loss"].tolist() == [1.5, 5.5, 9.5]
    assert view.table("metrics").tail(9)["part"].tolist() == [3, 11, 19]


def test_step_called_before_the_update_gives_each_loss_its_row(tmp_path: Path) -> None:
    model = network()
    optimizer = sgd(model)
    with tuiwb.watch(model, optimizer, runs=tmp_path, name="r", budget=EVERY) as run:
        for i in range(STEPS):
            optimizer.zero_grad()
            cross_entropy(model, i).backward()
            run.step(loss=i)
            optimizer.step()
    view = open_run(tmp_path / "r")
    whole(view)
    assert steps_of(view)["loss"].tolist() == list(range(STEPS))
    assert any("after optimizer.step()" in e.get("text", "") for e in view.events)


@pytest.mark.parametrize("fused", [False, True])
def test_a_loss_scale_is_not_in_the_gradients(tmp_path: Path, fused: bool) -> None:
    def run(scale: float, name: str) -> np.ndarray:
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, fused=fused)
        scaler = torch.amp.GradScaler("cpu", init_scale=scale, enabled=scale > 1)  # type: ignore[attr-defined]
        with tuiwb.watch(model, optimizer, runs=tmp_path, name=name, budget=EVERY) as watched:
            for i in range(STEPS):
                optimizer.zero_grad()
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    loss = cross_entropy(model, i)
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
                watched.step(loss=loss)
        view = open_run(tmp_path / name)
        whole(view)
        norms = layers_of(view)["grad_norm"][:, kinds(view, "Linear")]
        return np.hstack([steps_of(view)["grad_norm"][1:, None], norms])

    assert np.allclose(run(1024.0, "scaled"), run(1.0, "plain"), rtol=0.05)


def test_an_overflow_of_the_loss_scale_is_no_finding(tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=1e38, backoff_factor=1e-30)  # type: ignore[attr-defined]
    with tuiwb.watch(model, optimizer, runs=tmp_path, name="r", budget=EVERY) as run:
        for i in range(STEPS):
            optimizer.zero_grad()
            loss = 100 * cross_entropy(model, i)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            run.step(loss=loss)
    view = open_run(tmp_path / "r")
    whole(view)
    norms = steps_of(view)["grad_norm"]
    assert scaler.get_scale() < 1e38, "it never overflowed"
    assert np.isfinite(norms[-1])
    assert not view.findings


def test_the_closures_of_lbfgs_are_followed_once_a_step(tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=4)
    calls = 0
    with tuiwb.watch(model, optimizer, runs=tmp_path, name="r", budget=EVERY) as run:
        for i in range(STEPS):

            def closure(i: int = i) -> torch.Tensor:
                nonlocal calls
                calls += 1
                optimizer.zero_grad()
                loss = cross_entropy(model, i)
                loss.backward()
                return loss

            run.step(loss=optimizer.step(closure))
    view = open_run(tmp_path / "r")
    whole(view)
    assert calls > STEPS
    assert np.isfinite(layers_of(view)["grad_norm"][-1][kinds(view, "Linear")]).all()
    assert np.isfinite(steps_of(view)["grad_norm"][1:]).all()


def test_each_network_of_a_gan_has_its_own_gradients(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.ModuleDict(
        {
            "g": nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8)),
            "d": nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1)),
        }
    )
    g, d = model["g"], model["d"]
    optimizers = [sgd(d, 0.05), sgd(g, 0.05)]
    truth = []
    with tuiwb.watch(model, optimizers, runs=tmp_path, name="r", budget=EVERY) as run:
        for i in range(STEPS):
            real, noise = batch(i)[0], torch.randn(16, 4)
            optimizers[0].zero_grad()
            loss_d = nn.functional.softplus(-d(real)) + nn.functional.softplus(d(g(noise).detach()))
            loss_d.mean().backward()
            own = [
                float(torch.stack([p.grad.norm() for p in d[k].parameters()]).norm())
                for k in (0, 2)
            ]  # type: ignore[union-attr,index]
            optimizers[0].step()
            optimizers[1].zero_grad()
            loss_g = nn.functional.softplus(-d(g(noise))).mean()
            loss_g.backward()  # leaves gradients on the discriminator, too
            own += [
                float(torch.stack([p.grad.norm() for p in g[k].parameters()]).norm())
                for k in (0, 2)
            ]  # type: ignore[union-attr,index]
            truth.append(own)
            optimizers[1].step()
            run.step(loss=loss_g, d_loss=loss_d.mean())
    view = open_run(tmp_path / "r")
    whole(view)
    names = [layer.name for layer in view.layers]
    at = [names.index(name) for name in ("d.0", "d.2", "g.0", "g.2")]
    rows = layers_of(view)
    assert len(rows) == STEPS - 1
    assert np.allclose(rows["grad_norm"][:, at], truth[1:], rtol=1e-4)
    assert (rows["update_ratio"][:, at] > 0).all()


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
                time.sleep(0.03)  # so that each step's rows are written at once
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
