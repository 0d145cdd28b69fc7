"""Generated sets: what is drawn is what the label says, and knobs reach it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.contracts.making import knobs, module
from tuiwb.data.dataset import Dataset
from tuiwb.data.glyphs import FONT, draw
from tuiwb.data.shapes import FIGURES


def _load(name: str, **values: Any) -> Dataset:
    made: Dataset = module("data", name).load(knobs("data", name, **values))
    return made


def test_a_glyph_without_jitter_and_noise_is_its_bitmap() -> None:
    images = draw(np.arange(10), 56, 0.0, 0.0, np.random.default_rng(0))
    across, down = 56 / 2 / 5.2, 56 / 2 / 5.0  # pixels of one cell of the font
    for image, glyph in zip(images, FONT, strict=True):
        for r, row in enumerate(glyph.split()):
            for c, cell in enumerate(row):
                y, x = int(28 + (r - 3) * down), int(28 + (c - 2) * across)
                assert (image[y, x] > 0.5) == (cell == "1"), (glyph, r, c)
    assert images.min() >= 0 and images.max() == 1


def test_ten_glyphs_are_told_apart_by_sight() -> None:
    """Ten bitmaps, no two alike in fewer than two cells."""
    cells = np.array([[int(c) for c in glyph.replace(" ", "")] for glyph in FONT])
    assert cells.shape == (10, 35)
    apart = np.abs(cells[:, None] - cells[None]).sum(2) + 99 * np.eye(10, dtype=int)
    assert apart.min() >= 2


def test_jitter_moves_a_glyph_and_noise_roughens_it() -> None:
    calm = _load("glyphs", samples=100, jitter=0.0, noise=0.0, scaling="unit")
    moved = _load("glyphs", samples=100, jitter=1.0, noise=0.0, scaling="unit")
    rough = _load("glyphs", samples=100, jitter=0.0, noise=0.2, scaling="unit")
    same = calm.train.inputs[calm.train.targets == 3]
    assert torch.equal(same[0], same[1])
    threes = moved.train.inputs[moved.train.targets == 3]
    assert not torch.equal(threes[0], threes[1])
    assert 0.05 < float((rough.train.inputs - calm.train.inputs).abs().mean()) < 0.2


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_whole_and_reaches_about_one(name: str) -> None:
    place = np.linspace(-1.5, 1.5, 301)
    x, y = np.meshgrid(place, place)
    inside = FIGURES[name](x, y) < 0
    assert 0.05 < inside.mean() < 0.4
    assert np.hypot(x, y)[inside].max() < 1.25
    assert not inside[np.maximum(np.abs(x), np.abs(y)) > 1.05].any()


def test_a_figure_is_brighter_than_its_ground() -> None:
    data = _load("shapes", samples=100, noise=0.0, scaling="unit")
    border = torch.stack((data.train.inputs[..., 0, 0], data.train.inputs[..., -1, -1]))
    brightest = data.train.inputs.amax((2, 3))
    assert bool((brightest > border.amax(0) + 0.15).all())


def test_shapes_come_in_one_channel_or_three() -> None:
    assert _load("shapes", samples=100).signature.shape == (3, 32, 32)
    assert _load("shapes", samples=100, channels="grey", size=16).signature.shape == (1, 16, 16)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_blobs_are_separable_by_their_gap(classes: int) -> None:
    data = _load("blobs", classes=classes, gap=0.2, scaling="none", samples=300)
    inputs = torch.cat((data.train.inputs, data.val.inputs)).numpy()
    targets = torch.cat((data.train.targets, data.val.targets)).numpy()  # type: ignore[arg-type]
    from sklearn.svm import SVC

    for one in range(classes):
        for other in range(one):
            pair = (targets == one) | (targets == other)
            machine = SVC(kernel="linear", C=1e5).fit(inputs[pair], targets[pair])
            assert machine.score(inputs[pair], targets[pair]) == 1
            assert 1 / np.linalg.norm(machine.coef_) >= 0.2 - 1e-3


def test_a_painting_has_all_its_pixels_once() -> None:
    data = _load("painting", side=12)
    points = torch.cat((data.train.inputs, data.val.inputs))
    assert len(points) == 144 == len(torch.unique(points, dim=0))
    assert float(points.abs().max()) < 1
