"""Whitening, the norm whose shift is fast, the identity at the start, the mirror in evaluation."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.contracts.making import build_model
from tests.engine.recorder import trained
from tuiwb.base.signature import Signature
from tuiwb.models.airbench import Norm, Whitening

CIFAR = Signature("image", (3, 32, 32), 10)


def _pictures(count: int = 400) -> torch.Tensor:
    """Neighbouring pixels are alike, and channels as well: what there is to whiten."""
    random = torch.Generator().manual_seed(0)
    rough = torch.randn(count, 3, 12, 12, generator=random)
    smooth = nn.functional.avg_pool2d(rough, 3, 1)
    return 5 * (smooth + 0.5 * smooth.mean(1, keepdim=True))


def test_counts_of_the_reference() -> None:
    with torch.device("meta"):
        model = build_model("airbench", CIFAR, size="reference")
    convolutions = [24 * 64, 64 * 64, 64 * 256, 256 * 256, 256 * 256, 256 * 256]
    shifts = 24 + 2 * (64 + 256 + 256)
    assert sum(p.numel() for p in model.parameters()) == 1_971_352
    assert sum(p.numel() for p in model.parameters()) == 9 * sum(convolutions) + shifts + 2560
    assert model.whitening.weight.shape == (24, 3, 2, 2)


def test_whitened_patches_vary_alike_in_every_direction() -> None:
    images = _pictures()
    layer = Whitening(3)
    before = layer(images)
    layer.learn(images)
    after = layer(images)

    def covariance(x: torch.Tensor) -> torch.Tensor:
        flat = x[:, :12].permute(0, 2, 3, 1).flatten(0, 2)
        return flat.T @ flat / len(flat)

    eye = torch.eye(12)
    assert (covariance(before) - eye).abs().max() > 0.3
    torch.testing.assert_close(covariance(after), eye, atol=0.02, rtol=0)
    torch.testing.assert_close(after[:, 12:], -after[:, :12])
    assert [name for name, _ in layer.named_parameters()] == ["bias"]


def test_a_shift_moves_sixty_four_times_as_far_as_torchs() -> None:
    x = torch.randn(8, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    ours, theirs = Norm(3), nn.BatchNorm2d(3, eps=1e-12, momentum=0.4)
    moved = []
    for norm in (ours, theirs):
        torch.testing.assert_close(norm(x), theirs(x))
        optimizer = torch.optim.SGD([norm.bias], lr=1e-3, momentum=0.9, nesterov=True)
        for _ in range(3):
            optimizer.zero_grad()
            (norm(x) * torch.arange(1.0, 4.0)[:, None, None]).sum().backward()
            optimizer.step()
        moved.append((norm(x) - theirs(x) + theirs.bias[:, None, None])[0, :, 0, 0].detach())
    torch.testing.assert_close(moved[0], 64 * moved[1])
    torch.testing.assert_close(ours.running_mean, theirs.running_mean, rtol=0.05, atol=0.05)


def test_convolutions_begin_as_the_identity_of_their_inputs() -> None:
    model = build_model("airbench", CIFAR, size="s")
    conv = model.blocks[1].conv1  # 16 -> 64
    x = torch.randn(2, 16, 5, 5)
    assert torch.equal(conv(x)[:, :16], x)
    assert not torch.equal(conv(x)[:, 16:32], x)


@pytest.mark.parametrize("mirror", [True, False])
def test_a_picture_and_its_mirror_image_get_one_answer_in_evaluation(mirror: bool) -> None:
    model = build_model("airbench", CIFAR, size="xs", mirror=mirror).eval()
    images = torch.randn(4, 3, 32, 32)
    same = torch.allclose(model(images), model(images.flip(-1)), atol=1e-6)
    assert same == mirror
    model.train()
    assert not torch.allclose(model(images), model(images.flip(-1)), atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 2, 2), (1, 8, 8), (3, 40, 24)])
def test_pictures_of_any_size_are_taken(shape: tuple[int, ...]) -> None:
    model = build_model("airbench", Signature("image", shape, 4)).eval()
    assert model(torch.zeros(2, *shape)).shape == (2, 4)


@pytest.mark.slow
def test_the_preset_learns_on_a_cpu_in_its_smallest_size(tmp_path: Path) -> None:
    small = ("model.size=xs", "data.name=shapes", "data.samples=600", "data.batch_size=64")
    outcome, _, session = trained(
        tmp_path, "airbench", *small, "train.steps=60", "train.device=cpu"
    )
    assert outcome.metrics["val_accuracy"] > 0.4  # chance is 0.1
    assert not torch.equal(session.model.whitening.weight[0, 0], torch.eye(2))
