"""Augmentation: pure in seed and step, and what its formulas say, pixel by pixel."""

from __future__ import annotations

from math import cos, floor, radians, sin
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.engine.recorder import trained
from tuiwb.data.augment import Augment, affine, augment_of
from tuiwb.engine.build import build
from tuiwb.spec import resolve

IMAGES = torch.rand(6, 2, 9, 7, generator=torch.Generator().manual_seed(0))
ALL = {"flip": 0.5, "shift": 2, "rotate": 20.0, "zoom": 0.3, "noise": 0.1}


def _reference(
    image: np.ndarray, across: int, down: int, angle: float, factor: float
) -> np.ndarray:
    """One channel [H, W], by loops: back from each pixel of the result to its place before."""
    height, width = image.shape
    result = np.empty_like(image)
    for row in range(height):
        for column in range(width):
            x, y = column - (width - 1) / 2 - across, row - (height - 1) / 2 - down
            u = (cos(angle) * x + sin(angle) * y) / factor + (width - 1) / 2
            v = (cos(angle) * y - sin(angle) * x) / factor + (height - 1) / 2
            u, v = min(max(u, 0), width - 1), min(max(v, 0), height - 1)
            c, r = min(floor(u), width - 2), min(floor(v), height - 2)
            s, t = u - c, v - r
            above = (1 - s) * image[r, c] + s * image[r, c + 1]
            below = (1 - s) * image[r + 1, c] + s * image[r + 1, c + 1]
            result[row, column] = (1 - t) * above + t * below
    return result


@pytest.mark.parametrize(
    ("across", "down", "angle", "factor"),
    [(0, 0, 0, 1), (2, -1, 0, 1), (0, 0, 30, 1), (0, 0, 0, 1.4), (-1, 2, -75, 0.8)],
)
def test_affine_is_what_loops_do(across: int, down: int, angle: float, factor: float) -> None:
    count = len(IMAGES)
    got = affine(
        IMAGES.double(),
        torch.tensor([[float(across), float(down)]] * count).double(),
        torch.full((count,), radians(angle), dtype=torch.float64),
        torch.full((count,), factor, dtype=torch.float64),
    )
    for image, changed in zip(IMAGES.double().numpy(), got.numpy(), strict=True):
        for channel, result in zip(image, changed, strict=True):
            expected = _reference(channel, across, down, radians(angle), factor)
            assert result == pytest.approx(expected, abs=1e-9)


def test_a_shift_alone_moves_whole_pixels() -> None:
    moved = Augment(0, shift=3)(IMAGES, 5)
    for image, result in zip(IMAGES.numpy(), moved.numpy(), strict=True):
        padded = np.pad(image, ((0, 0), (3, 3), (3, 3)), mode="edge")
        crops = [padded[:, r : r + 9, c : c + 7] for r in range(7) for c in range(7)]
        assert min(float(np.abs(crop - result).max()) for crop in crops) < 1e-5


def test_a_flip_is_a_mirror() -> None:
    assert torch.equal(Augment(0, flip=1.0)(IMAGES, 0), IMAGES.flip(-1))
    many = IMAGES[:1].repeat(2000, 1, 1, 1)
    share = float((Augment(3, flip=0.25)(many, 0) != many).flatten(1).any(1).float().mean())
    assert share == pytest.approx(0.25, abs=0.03)


def test_noise_has_its_standard_deviation() -> None:
    zeros = torch.zeros(200, 1, 20, 20)
    noise = Augment(0, noise=0.3)(zeros, 0)
    assert float(noise.std()) == pytest.approx(0.3, rel=0.02)
    assert abs(float(noise.mean())) < 0.01


def test_draws_stay_within_their_limits() -> None:
    """Seen on a slope: where a pixel comes from is what it holds."""
    across = torch.linspace(-10, 10, 21).repeat(21, 1)[None, None].repeat(500, 1, 1, 1)
    middle = Augment(0, shift=4)(across, 0)[:, 0, 10, 10]
    assert set(middle.round().int().tolist()) == set(range(-4, 5))
    grown = Augment(0, zoom=0.5)(across, 0)
    slope = (grown[:, 0, 10, 12] - grown[:, 0, 10, 8]) / 4
    assert 1 / 1.5 - 1e-4 <= float(slope.min()) < 0.7 and 1.4 < float(slope.max()) <= 1.5 + 1e-4
    turned = Augment(0, rotate=30)(across, 0)
    angles = torch.asin((turned[:, 0, 12, 10] - turned[:, 0, 8, 10]) / 4).rad2deg()
    assert 28 < float(angles.abs().max()) <= 30.01
    assert abs(float(angles.mean())) < 3


def test_it_is_pure_in_seed_and_step() -> None:
    augment = Augment(7, **ALL)  # type: ignore[arg-type]
    state = torch.get_rng_state()
    first = [augment(IMAGES, step) for step in (0, 1, 2)]
    assert torch.equal(torch.get_rng_state(), state)
    again = [Augment(7, **ALL)(IMAGES, step) for step in (2, 0, 1)]  # type: ignore[arg-type]
    for a, b in zip(first, (again[1], again[2], again[0]), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(first[0], Augment(8, **ALL)(IMAGES, 0))  # type: ignore[arg-type]


def test_one_knob_does_not_move_what_another_draws() -> None:
    plain, noisy = Augment(1, shift=2), Augment(1, shift=2, flip=1e-9, rotate=1e-9)
    assert torch.allclose(plain(IMAGES, 4), noisy(IMAGES, 4), atol=1e-4)


def test_training_sees_it_and_validation_never_does() -> None:
    still = build(resolve("cnn-digits").spec)
    lively = build(resolve("cnn-digits", ["data.augment_shift=1", "data.augment_noise=0.1"]).spec)
    assert still.batches.augment is None
    x, y = still.batches.at(3)
    changed, same = lively.batches.at(3)
    assert torch.equal(y, same) and not torch.equal(x, changed)
    again = build(resolve("cnn-digits", ["data.augment_shift=1", "data.augment_noise=0.1"]).spec)
    assert torch.equal(again.batches.at(3)[0], changed)
    assert torch.equal(still.dataset.val.inputs, lively.dataset.val.inputs)
    assert torch.equal(still.dataset.train.inputs, lively.dataset.train.inputs)


def test_a_run_with_it_trains_and_repeats(tmp_path: Path) -> None:
    settings = (
        "train.steps=4",
        "train.eval_every=0",
        *(f"data.augment_{k}={v}" for k, v in ALL.items()),
    )
    losses = [trained(tmp_path / name, "cnn-digits", *settings)[1].losses for name in "ab"]
    assert losses[0] == losses[1]
    assert losses[0][1:] != trained(tmp_path / "c", "cnn-digits", *settings[:2])[1].losses[1:]


def test_sources_that_are_not_pictures_have_none() -> None:
    assert augment_of(resolve("logreg-cancer").spec.data, 0) is None


def test_pictures_keep_shape_and_type() -> None:
    augment = Augment(0, **ALL)  # type: ignore[arg-type]
    changed: Tensor = augment(IMAGES, 0)
    assert changed.shape == IMAGES.shape and changed.dtype == IMAGES.dtype
    assert torch.isfinite(changed).all()
