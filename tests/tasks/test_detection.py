"""Boxes, cells, decibels, focal and weighted losses against numbers worked out by hand."""

from __future__ import annotations

from math import log

import pytest
import torch
from torch.nn import functional as F

from tests.contracts.making import knobs, module
from tuiwb.data.batches import generator
from tuiwb.tasks.denoise import decibels
from tuiwb.tasks.detect import best, cell_of, overlap
from tuiwb.tasks.losses.focal import Focal
from tuiwb.tasks.losses.weighted_cross_entropy import WeightedCrossEntropy


def test_overlap_by_hand() -> None:
    box = torch.tensor([[0.5, 0.5, 0.2, 0.2]])
    assert float(overlap(box, box)) == pytest.approx(1)
    assert float(overlap(box, torch.tensor([[0.6, 0.5, 0.2, 0.2]]))) == pytest.approx(1 / 3)
    assert float(overlap(box, torch.tensor([[0.5, 0.5, 0.1, 0.1]]))) == pytest.approx(1 / 4)
    assert float(overlap(box, torch.tensor([[0.9, 0.5, 0.2, 0.2]]))) == 0


def test_cells_are_counted_row_by_row() -> None:
    boxes = torch.tensor([[0.1, 0.1, 0, 0], [0.9, 0.1, 0, 0], [0.1, 0.9, 0, 0], [1.0, 1.0, 0, 0]])
    assert cell_of(boxes, (4, 2)).tolist() == [0, 1, 6, 7]


def test_the_likeliest_cell_answers() -> None:
    outputs = torch.zeros(1, 3, 5)
    outputs[0, 1] = torch.tensor([2.0, 0.1, 0.2, 0.3, 0.4])
    torch.testing.assert_close(best(outputs), torch.tensor([[0.1, 0.2, 0.3, 0.4]]))


def test_every_detected_box_lies_in_its_cell() -> None:
    from tests.contracts.making import build_model
    from tuiwb.base.signature import Signature

    model = build_model("detector", Signature("image", (1, 32, 32), 4)).eval()
    outputs = model(torch.randn(3, 1, 32, 32, generator=generator(0)))
    assert outputs.shape == (3, 16, 5)
    rows = torch.arange(16) // 4
    assert ((outputs[..., 2] * 4 - rows).detach() > -0.11).all()
    assert ((outputs[..., 2] * 4 - rows).detach() < 1.11).all()


def test_the_drawn_shape_fills_its_box() -> None:
    made = knobs("data", "located-shapes", samples=40, noise=0.0)
    data = module("data", "located-shapes").load(made)
    assert data.train.targets is not None
    for picture, box in zip(data.train.inputs, data.train.targets * 32, strict=True):
        rows, columns = picture[0].abs().gt(1e-6).nonzero().unbind(1)
        x, y, width, height = box.tolist()
        assert float(columns.min()) >= x - width / 2 - 1 and float(columns.max()) <= x + width / 2
        assert float(rows.min()) >= y - height / 2 - 1 and float(rows.max()) <= y + height / 2
        assert int(rows.max() - rows.min()) >= height - 3


def test_focal_is_half_the_cross_entropy_without_focus() -> None:
    logits = torch.randn(9, 1, generator=generator(0))
    targets = torch.arange(9) % 2
    plain = F.binary_cross_entropy_with_logits(logits[:, 0], targets.float())
    torch.testing.assert_close(Focal(0.0, 0.5)(logits, targets), plain / 2)


def test_focal_by_hand() -> None:
    logit = torch.tensor([[log(0.9 / 0.1)]])  # p = 0.9
    focal = Focal(2.0, 0.75)
    right, wrong = focal(logit, torch.tensor([1])), focal(logit, torch.tensor([0]))
    assert float(right) == pytest.approx(-0.75 * 0.1**2 * log(0.9), rel=1e-4)
    assert float(wrong) == pytest.approx(-0.25 * 0.9**2 * log(0.1), rel=1e-4)


def test_weights_count_samples_and_evaluations_are_without() -> None:
    logits = torch.randn(6, 3, generator=generator(0))
    targets = torch.tensor([0, 1, 2, 2, 1, 0])
    each = F.cross_entropy(logits, targets, reduction="none")
    loss = WeightedCrossEntropy((1.0, 5.0))
    wanted = (each * torch.tensor([1.0, 5, 1, 1, 5, 1])).mean()
    torch.testing.assert_close(loss(logits, targets), wanted)
    torch.testing.assert_close(loss.plain(logits, targets), each.mean())


def test_decibels() -> None:
    assert decibels(1.0) == 0 and decibels(0.01) == pytest.approx(20)
