"""Pictures that several tasks show: rows of small images, codes in the plane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from tuiwb.data.dataset import Dataset
from tuiwb.tasks.picture import Picture

SHOWN = 10
"""Images side by side."""
POINTS = 600
"""Points of a scatter at most."""


def tiles(
    name: str,
    rows: Sequence[Tensor],
    shape: tuple[int, ...],
    *,
    low: float = 0.0,
    high: float = 1.0,
    columns: int = SHOWN,
    words: str = "",
) -> Picture:
    """Rows of images, each [N, C * H * W] or [N, C, H, W]; ``low`` is black and ``high`` white."""
    channels, height, width = shape
    images = torch.cat([row.reshape(len(row), channels, height, width) for row in rows])
    images = ((images.float() - low) / (high - low)).clamp(0, 1).nan_to_num()
    pixels = images.mean(1) if channels != 3 else images.permute(0, 2, 3, 1)
    return Picture(
        name, "images", {"images": pixels.cpu().numpy(), "columns": _int(columns)}, words
    )


def spread_of(inputs: Tensor) -> tuple[float, float]:
    """Smallest and largest value, apart even where all are the same."""
    low, high = float(inputs.min()), float(inputs.max())
    return low, high if high > low else low + 1.0


def filters(name: str, weights: Tensor, shape: tuple[int, ...], columns: int = SHOWN) -> Picture:
    """Weights [N, C * H * W] of units as images, grey where they are 0, each on its own scale."""
    scale = weights.abs().amax(1, keepdim=True).clamp_min(1e-12)
    return tiles(name, [weights / scale], shape, low=-1.0, high=1.0, columns=columns)


def plane(name: str, codes: Tensor, targets: Tensor | None, dataset: Dataset) -> Picture:
    """Codes [N, K] in the plane: two as they are, more through their first principal components."""
    codes = codes[:POINTS].float()
    words = f"{codes.shape[1]} numbers a sample"
    if codes.shape[1] > 2:
        centred = codes - codes.mean(0)
        _, vectors = torch.linalg.eigh(centred.T @ centred)
        codes = centred @ vectors[:, -2:].flip(1)
        words += ", seen along their two widest directions"
    elif codes.shape[1] == 1:
        codes = torch.cat((codes, torch.zeros_like(codes)), dim=1)
    arrays: dict[str, np.ndarray | list[str] | str] = {"points": codes.cpu().numpy()}
    if dataset.classes and targets is not None:
        arrays["groups"] = targets[:POINTS].cpu().numpy()
        arrays["names"] = list(dataset.classes)
    return Picture(name, "scatter", arrays, words)


def _int(value: int) -> np.ndarray:
    return np.asarray(value, dtype=np.int64)
