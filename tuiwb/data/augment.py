"""Augmentation: pictures of a training batch, each changed a little at random.

What a picture shows is the same a little further left, turned, nearer or in a mirror; a network
that is shown all of these needs fewer pictures (Simard, Steinkraus & Platt 2003; Krizhevsky et al.
2012). Applied to the batch on its device, in training only, after scaling. What is drawn is a pure
function of (seed, step), so that a resumed run sees what it would have seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from tuiwb.data.batches import generator


@dataclass(frozen=True)
class Augment:
    """``augment(images, step)``: float [B, C, H, W] -> the same shape, drawn from (seed, step)."""

    seed: int
    flip: float = 0.0
    """Share of pictures that are mirrored left to right."""
    shift: int = 0
    """Whole pixels that a picture moves by at most, across and down."""
    rotate: float = 0.0
    """Degrees that a picture turns by at most, either way."""
    zoom: float = 0.0
    """A picture grows by a factor between 1 / (1 + zoom) and 1 + zoom, evenly on a log scale."""
    noise: float = 0.0
    """Standard deviation of normal noise, in units of the scaled data."""

    def __call__(self, images: Tensor, step: int) -> Tensor:
        """What leaves the picture is lost; what comes in repeats the pixels of the border."""
        random = generator(self.seed, step, 1)
        count = len(images)
        # always all of them, in one order: a knob that is turned does not move another's draws
        mirrored = torch.rand(count, generator=random) < self.flip
        moved = torch.randint(-self.shift, self.shift + 1, (count, 2), generator=random)
        angle = (torch.rand(count, generator=random) * 2 - 1) * self.rotate * pi / 180
        factor = torch.exp((torch.rand(count, generator=random) * 2 - 1) * log(1 + self.zoom))
        if self.flip:
            mask = mirrored.to(images.device)[:, None, None, None]
            images = torch.where(mask, images.flip(-1), images)
        if self.shift or self.rotate or self.zoom:
            images = affine(images, moved.to(images.dtype), angle, factor)
        if self.noise:
            drawn = torch.Generator(images.device).manual_seed(random.initial_seed())
            images = images + self.noise * torch.randn(
                images.shape, generator=drawn, dtype=images.dtype, device=images.device
            )
        return images


def augment_of(knobs: Any, seed: int) -> Augment | None:
    """The augmentation that a data source's knobs ask for; None where they ask for none."""
    if not hasattr(knobs, "augment_flip"):
        return None
    made = Augment(
        seed,
        knobs.augment_flip,
        knobs.augment_shift,
        knobs.augment_rotate,
        knobs.augment_zoom,
        knobs.augment_noise,
    )
    return None if made == Augment(seed) else made


def affine(images: Tensor, moved: Tensor, angle: Tensor, factor: Tensor) -> Tensor:
    """Each picture [B, C, H, W] turned by ``angle`` [B] (radians) and grown by ``factor`` [B] about
    its middle, then moved by ``moved`` [B, 2] pixels (across, down); bilinear, border repeated."""
    height, width = images.shape[-2:]
    cos, sin = torch.cos(angle) / factor, torch.sin(angle) / factor
    across, down = moved.unbind(1)
    # from a pixel of the result back to its place in the picture, from the middle, in half sides
    theta = torch.stack(
        (
            torch.stack(
                (cos, sin * height / width, -2 * (cos * across + sin * down) / width), dim=1
            ),
            torch.stack(
                (-sin * width / height, cos, -2 * (cos * down - sin * across) / height), dim=1
            ),
        ),
        dim=1,
    ).to(images.device, images.dtype)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, "bilinear", "border", align_corners=False)
