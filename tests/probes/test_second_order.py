"""The dear studies against what can be worked out exactly: quadratics, and the whole Hessian."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.functional import hessian
from torch.func import functional_call

from tests.probes.test_studies import session
from tuiwb.engine.studies import subject_of
from tuiwb.probes.studies import noise_scale, sharpness, step_gauge
from tuiwb.probes.subject import Subject


class Point(nn.Module):
    """A place that a loss is measured at."""

    def __init__(self, place: Tensor) -> None:
        super().__init__()
        self.place = nn.Parameter(place.clone())


def quadratic(matrix: Tensor) -> Callable[[nn.Module], Tensor]:
    def loss(model: nn.Module) -> Tensor:
        place = model.get_parameter("place")
        return place @ matrix.to(place.dtype) @ place / 2

    return loss


# sharpness


@pytest.mark.parametrize("spectrum", [[3.0, 1.0, 0.5], [2.0, -5.0, 1.0], [-1.0, -2.0, -4.0]])
def test_sharpness_is_the_greatest_eigenvalue_not_the_greatest_by_size(
    spectrum: list[float],
) -> None:
    turn = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1))).Q
    matrix = turn @ torch.diag(torch.tensor(spectrum)) @ turn.T
    found = sharpness.study(Subject(Point(torch.ones(3)), quadratic(matrix), 0.5))
    assert found["sharpness"] == pytest.approx(max(spectrum), rel=1e-2)
    assert found["sharpness_limit"] == 4.0
    assert found["sharpness_ratio"] == pytest.approx(found["sharpness"] / 4)


def test_sharpness_is_that_of_the_whole_hessian() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    inputs, targets = torch.randn(6, 3), torch.randn(6, 2)

    def loss(net: nn.Module) -> Tensor:
        return (net(inputs) - targets).square().mean()

    names = [name for name, _ in model.named_parameters()]
    shapes = [p.shape for p in model.parameters()]

    def flat(vector: Tensor) -> Tensor:
        parts = vector.split([shape.numel() for shape in shapes])
        weights = {n: p.view(s) for n, p, s in zip(names, parts, shapes, strict=True)}
        return (functional_call(model, weights, (inputs,)) - targets).square().mean()

    whole = hessian(flat, torch.cat([p.detach().flatten() for p in model.parameters()]))
    greatest = float(torch.linalg.eigvalsh(whole)[-1])
    assert sharpness.study(Subject(model, loss, 0.1))["sharpness"] == pytest.approx(
        greatest, rel=1e-2
    )


def test_a_straight_loss_has_no_curvature() -> None:
    subject = Subject(Point(torch.ones(3)), lambda model: model.get_parameter("place").sum(), 0.1)
    assert sharpness.study(subject)["sharpness"] == 0


def test_a_loss_that_is_not_a_number_has_no_sharpness() -> None:
    nothing = Subject(Point(torch.ones(2)), quadratic(torch.full((2, 2), torch.nan)), 0.1)
    assert math.isnan(sharpness.study(nothing)["sharpness"])


# the step gauge


def descent(lr: float) -> Callable[[nn.Module], None]:
    def step(model: nn.Module) -> None:
        with torch.no_grad():
            model.get_parameter("place").mul_(1 - lr)

    return step


@pytest.mark.parametrize(("lr", "alpha"), [(0.5, -0.5), (1.0, 0.0), (1.5, 0.5), (2.0, 1.0)])
def test_alpha_of_descent_on_a_parabola(lr: float, alpha: float) -> None:
    # w^2 / 2 goes from w to (1 - lr) w: at lr 1 it hits the floor, at lr 2 it leaps across
    subject = Subject(Point(torch.tensor([3.0])), quadratic(torch.eye(1)), lr, step=descent(lr))
    found = step_gauge.study(subject)
    assert found["step_alpha"] == pytest.approx(alpha, abs=1e-9)
    assert found["step_gain"] == pytest.approx(4.5 * (1 - (1 - lr) ** 2))


def test_alpha_where_there_is_no_floor() -> None:
    assert step_gauge.alpha(1.0, 0.0, -1.0, -1.0) == pytest.approx(-1)  # straight down
    assert step_gauge.alpha(1.0, 2.0, 1.0, 1.0) == 1  # straight up
    assert math.isnan(step_gauge.alpha(1.0, math.nan, -1.0, 0.0))


def test_the_step_is_the_one_that_training_takes() -> None:
    made = session("regularize.weight_decay=0.1", "train.clip_norm=0.5", "model.norm=layer")
    for number in range(2):
        made.turns[0].loss(made.model, made.batches.at(number), 0)[0].backward()
        made.optimizers[0].step()
        made.optimizers[0].zero_grad()
    subject = subject_of(made, 2)
    copy = subject.copy(torch.float32)
    assert subject.step is not None
    subject.step(copy)
    # by hand, as the loop does it
    made.turns[0].loss(made.model, made.batches.at(2), 2)[0].backward()
    nn.utils.clip_grad_norm_(made.model.parameters(), 0.5)
    made.regularizer.decay(subject.lr)
    made.optimizers[0].step()
    for ours, theirs in zip(copy.parameters(), made.model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)


# the noise scale


def test_noise_scale_of_known_noise() -> None:
    # gradients of one sample are g + noise: |G|^2 = 4, S = 12, by arithmetic alone
    assert noise_scale.noise_scale(4 + 12 / 2, 4 + 12 / 16, 2, 16) == pytest.approx(3.0)
    assert noise_scale.noise_scale(5.0, 5.0, 2, 16) == 0
    assert noise_scale.noise_scale(8.0, 1.0, 2, 16) == math.inf
    assert math.isnan(noise_scale.noise_scale(math.nan, 1.0, 2, 16))


def test_noise_scale_from_batches_is_that_of_the_samples() -> None:
    few = 50
    noise = torch.randn(noise_scale.BATCHES, few, 30, generator=torch.Generator().manual_seed(0))

    def on_batch(model: nn.Module, number: int) -> Tensor:
        place = model.get_parameter("place")
        return (place * (1 + 3 * noise[number])).sum(1).mean()

    subject = Subject(Point(torch.zeros(30)), lambda model: on_batch(model, 0), 0.1, on_batch, few)
    found = noise_scale.study(subject)
    # per sample: squared norm of the mean 30, trace of the covariance 9 * 30
    assert found["noise_scale"] == pytest.approx(9.0, rel=0.25)
    assert found["noise_scale_over_batch"] == pytest.approx(found["noise_scale"] / few)


def test_the_same_batch_again_and_again_has_no_noise() -> None:
    made = session("data.batch_size=65536")
    found = noise_scale.study(subject_of(made))
    assert found["noise_scale"] < 1e-2 * made.batches.samples_per_step
