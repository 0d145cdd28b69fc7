"""Preprocessing of pictures against loops and against scipy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage

from tests.contracts.making import knobs, module
from tuiwb.data.pixels import pixel_scaler
from tuiwb.data.preprocess import blurred, edges, equalised, prepared, thresholded

PIXELS = np.random.default_rng(0).random((3, 2, 11, 8)).astype(np.float32) ** 2
IMAGES = torch.from_numpy(PIXELS)


def _channels(images: np.ndarray) -> list[np.ndarray]:
    return [channel for image in images for channel in image]


def test_equalised_by_counting() -> None:
    for image, result in zip(_channels(PIXELS), _channels(equalised(IMAGES).numpy()), strict=True):
        levels = np.round(image * 255)
        lowest = (levels <= levels.min()).sum()
        for row in range(image.shape[0]):
            for column in range(image.shape[1]):
                below = (levels <= levels[row, column]).sum()
                expected = (below - lowest) / (image.size - lowest)
                assert result[row, column] == pytest.approx(expected, abs=1e-6)


def test_equalised_uses_the_whole_range_and_leaves_one_grey_alone() -> None:
    dull = 0.4 + 0.1 * IMAGES
    result = equalised(dull)
    assert float(result.amin()) == 0 and float(result.amax()) == 1
    grey = torch.full((1, 1, 4, 4), 0.3)
    assert torch.equal(equalised(grey), grey)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.3])
def test_blurred_as_scipy_blurs(sigma: float) -> None:
    for image, result in zip(
        _channels(PIXELS), _channels(blurred(IMAGES, sigma).numpy()), strict=True
    ):
        expected = ndimage.gaussian_filter(image, sigma, mode="nearest", truncate=3.0)
        assert result == pytest.approx(expected, abs=1e-5)


def test_edges_as_scipy_finds_them() -> None:
    for image, result in zip(_channels(PIXELS), _channels(edges(IMAGES).numpy()), strict=True):
        gradient = [ndimage.sobel(image, axis, mode="nearest") for axis in (0, 1)]
        assert result == pytest.approx(np.hypot(*gradient) / np.sqrt(32), abs=1e-5)


def test_thresholded() -> None:
    assert torch.equal(thresholded(IMAGES, 0.25), (IMAGES >= 0.25).float())


def _prepared(**values: Any) -> np.ndarray:
    return prepared(knobs("data", "digits", **values), PIXELS * 16)


def test_the_order_is_equalise_blur_sobel_threshold() -> None:
    got = _prepared(equalise=True, blur=1.0, sobel=True, threshold=0.1)
    expected = thresholded(edges(blurred(equalised(IMAGES), 1.0)), 0.1)
    assert np.allclose(got, 16 * expected.numpy(), atol=1e-4)
    assert _prepared() is not None and np.array_equal(_prepared(), PIXELS * 16)


def test_digits_are_preprocessed_before_they_are_scaled() -> None:
    def load(**values: Any) -> Any:
        return module("data", "digits").load(knobs("data", "digits", **values))

    plain, black = load(scaling="unit"), load(scaling="unit", threshold=0.5)
    assert set(black.train.inputs.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(black.train.inputs, (plain.train.inputs >= 0.5).float())
    assert torch.equal(black.val.inputs, (plain.val.inputs >= 0.5).float())
    assert black.fingerprint != plain.fingerprint


@pytest.mark.parametrize("dtype", [np.float64, np.uint8])
@pytest.mark.parametrize("how", ["none", "unit", "standard", "minmax", "robust"])
def test_pixels_are_scaled_with_figures_of_the_training_part(how: str, dtype: Any) -> None:
    random = np.random.default_rng(1)
    train = random.integers(10, 200, (20, 3, 4, 4)).astype(dtype)
    val = random.integers(0, 255, (5, 3, 4, 4)).astype(dtype)
    a, b = pixel_scaler(how, 255.0)(train, val)
    low, middle, high = np.percentile(train, (25, 50, 75))
    centre, spread = {
        "none": (0, 1),
        "unit": (0, 255),
        "standard": (train.mean(), train.std()),
        "minmax": (train.min(), float(train.max()) - float(train.min())),
        "robust": (middle, high - low),
    }[how]
    assert np.allclose(a, (train - float(centre)) / spread, atol=1e-5)
    assert np.allclose(b, (val - float(centre)) / spread, atol=1e-5)


def test_pixels_without_a_spread_are_only_centred() -> None:
    same = np.full((4, 1, 3, 3), 7.0)
    for how in ("standard", "minmax", "robust"):
        a, _ = pixel_scaler(how, 16.0)(same, same)
        assert not a.any()
