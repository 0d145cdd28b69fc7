"""On what scales a network gets its inputs: a few thousand samples, evenly spread, none drawn."""

from __future__ import annotations

import torch
from torch import Tensor

SAMPLES = 4096
"""Samples that are looked at, at most."""
VALUES = 1 << 20
"""Numbers that are looked at, at most: large pictures come in fewer samples."""
WIDEST = 256
"""Features of the largest covariance whose condition is worked out."""


def input_figures(inputs: Tensor, kind: str) -> dict[str, float]:
    """Of samples ``[N, *shape]``, which are of a signature's ``kind``; empty where they are not
    numbers.

    A feature is a column of a table or of a series, a channel of a picture, a whole wave.
    ``mean`` and ``std`` over all values; of single features ``offset``, the greatest
    abs(mean) / std, ``narrowest`` and ``widest``, the least and the greatest std, ``largest``, the
    greatest root mean square; ``features`` counts them. Constant features are left out of all but
    ``largest``. Tables also have ``condition``: the greatest over the least eigenvalue of the
    covariance, among directions in which samples vary at all.
    """
    if not inputs.is_floating_point() or not inputs.numel():
        return {}
    rows = _features(_thinned(inputs), kind)
    rows = rows[rows.isfinite().all(1)]
    if not len(rows):
        return {}
    mean, std = rows.mean(0), rows.std(0, correction=0)
    moves = std > 1e-6 * mean.abs()
    figures = {
        "mean": float(rows.mean()),
        "std": float(rows.std(correction=0)),
        "largest": float((mean.square() + std.square()).max().sqrt()),
        "features": float(rows.shape[1]),
    }
    if moves.any():
        figures |= {
            "offset": float((mean.abs() / std)[moves].max()),
            "narrowest": float(std[moves].min()),
            "widest": float(std[moves].max()),
        }
    if kind == "vector" and 1 < moves.sum() <= WIDEST:
        figures["condition"] = _condition(rows[:, moves])
    return figures


def _thinned(inputs: Tensor) -> Tensor:
    count = max(1, min(len(inputs), SAMPLES, VALUES // max(inputs[0].numel(), 1)))
    rows = torch.linspace(0, len(inputs) - 1, count, dtype=torch.float64).round().long()
    return inputs.index_select(0, rows.to(inputs.device)).cpu().double()


def _features(samples: Tensor, kind: str) -> Tensor:
    """One column a feature: [N, *shape] -> [rows, features]."""
    if samples.ndim < 2:
        return samples.reshape(-1, 1)
    # channels and features come first in a picture and a wave, last in a series
    apart = samples.movedim(1, -1) if kind in ("image", "wave") else samples
    return apart.reshape(-1, apart.shape[-1])


def _condition(rows: Tensor) -> float:
    powers = torch.linalg.eigvalsh(torch.cov(rows.T))
    real = powers[powers > 1e-14 * powers[-1]]
    return float(real[-1] / real[0])
