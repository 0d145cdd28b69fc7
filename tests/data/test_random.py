"""Random tokens and pictures: the shapes that were asked for, and nothing to learn."""

from __future__ import annotations

from math import log

import torch

from tests.contracts.making import knobs, module


def test_tokens_are_drawn_alike_and_say_that_nothing_can_be_learned() -> None:
    data = module("data", "random-tokens").load(
        knobs("data", "random-tokens", vocabulary=50, tokens=50_000, context=32)
    )
    assert data.baselines == {"uniform guess": log(50)}
    shares = torch.bincount(data.train.inputs, minlength=50) / len(data.train)
    assert float((shares - 1 / 50).abs().max()) < 0.004
    assert any("throughput only" in note for note in data.notes)


def test_pictures_have_the_shape_that_was_asked_for() -> None:
    data = module("data", "random-images").load(
        knobs("data", "random-images", samples=400, size=12, channels=2, classes=5)
    )
    assert data.signature.shape == (2, 12, 12) and data.signature.outputs == 5
    assert abs(float(data.train.inputs.mean())) < 1e-3
    assert abs(float(data.train.inputs.std()) - 1) < 1e-3
    assert any("throughput only" in note for note in data.notes)


def test_pictures_and_classes_are_strangers() -> None:
    data = module("data", "random-images").load(knobs("data", "random-images", size=8))
    assert data.train.targets is not None and data.val.targets is not None
    means = torch.stack(
        [data.train.inputs[data.train.targets == k].flatten(1).mean(0) for k in range(10)]
    )
    guesses = torch.cdist(data.val.inputs.flatten(1), means).argmin(1)
    assert float((guesses == data.val.targets).float().mean()) < 0.2
