"""Updates of every kind under `tuiwb.watch`: accumulated, scaled, by closures, by turns."""

from __future__ import annotations

from pathlib import Path

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
    whole,
)
from tuiwb.api import open_run


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
