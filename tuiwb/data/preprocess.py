"""Preprocessing of pictures before they are scaled: what an image editor calls filters.

Each works on one picture at a time, so that nothing of the validation part reaches training.
In the order in which they are applied: histogram equalisation, Gaussian blur, Sobel edges,
threshold. Pixels are 0 to 1 here, pictures [N, C, H, W], and the edge of a picture is repeated
beyond it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

LEVELS = 256
"""Grey levels that a histogram tells apart."""
_CHUNK = 1024  # pictures at once: the memory of a histogram is bounded


def prepared(knobs: Any, images: np.ndarray) -> np.ndarray:
    """Pictures [N, C, H, W] with pixels of 0 to ``knobs.top``, as the knobs ask; in the same range.

    Without such knobs, or with all of them off, they are returned as they are.
    """
    if not any(getattr(knobs, name, 0) for name in ("equalise", "blur", "sobel", "threshold")):
        return images
    result = np.empty(images.shape, dtype=np.float32)
    for start in range(0, len(images), _CHUNK):
        part = slice(start, start + _CHUNK)
        pixels = torch.from_numpy(images[part].astype(np.float32) / np.float32(knobs.top))
        if knobs.equalise:
            pixels = equalised(pixels)
        if knobs.blur:
            pixels = blurred(pixels, knobs.blur)
        if knobs.sobel:
            pixels = edges(pixels)
        if knobs.threshold:
            pixels = thresholded(pixels, knobs.threshold)
        result[part] = pixels.numpy() * np.float32(knobs.top)
    return result


def equalised(images: Tensor) -> Tensor:
    """Each channel's grey levels spread so that every share of the range holds as many pixels.

    A pixel becomes (cdf(x) - cdf_min) / (pixels - cdf_min), with the cumulative histogram of its
    own picture and channel over `LEVELS` levels. A picture of one grey stays as it is.
    """
    flat = images.flatten(2).flatten(0, 1)
    levels = (flat.clamp(0, 1) * (LEVELS - 1)).round().long()
    histogram = torch.zeros(len(flat), LEVELS).scatter_add_(1, levels, torch.ones_like(flat))
    below = histogram.cumsum(1)
    # the smallest non-zero value of the cumulative histogram: that of the darkest pixel
    darkest = below.gather(1, levels.min(1, keepdim=True).values)
    rest = flat.shape[1] - darkest
    spread = (below.gather(1, levels) - darkest) / rest.clamp(min=1)
    return torch.where(rest > 0, spread, flat).view_as(images)


def blurred(images: Tensor, sigma: float) -> Tensor:
    """Convolved with a Gaussian of ``sigma`` pixels, cut off at three of them and normalised."""
    radius = int(3 * sigma + 0.5)
    place = torch.arange(-radius, radius + 1, dtype=torch.float64)
    weights = torch.exp(-0.5 * (place / sigma) ** 2)
    weights = (weights / weights.sum()).to(images.dtype)
    channels = images.shape[1]
    for shape, padding in (((1, -1), (radius, radius, 0, 0)), ((-1, 1), (0, 0, radius, radius))):
        kernel = weights.view(1, 1, *shape).repeat(channels, 1, 1, 1)
        images = F.conv2d(F.pad(images, padding, "replicate"), kernel, groups=channels)
    return images


def edges(images: Tensor) -> Tensor:
    """Strength of the Sobel gradient, sqrt(gx^2 + gy^2), divided so that 1 is the most there is."""
    channels = images.shape[1]
    across = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    kernels = torch.stack((across, across.T))[:, None].repeat(channels, 1, 1, 1)
    padded = F.pad(images, (1, 1, 1, 1), "replicate")
    gradient = F.conv2d(padded, kernels, groups=channels).unflatten(1, (channels, 2))
    return gradient.square().sum(2).sqrt() / 32**0.5


def thresholded(images: Tensor, at: float) -> Tensor:
    """1 where a pixel is at least ``at``, else 0."""
    return (images >= at).to(images.dtype)
