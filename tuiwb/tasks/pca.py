"""Principal components: the best linear code, which a non-linear one has to beat."""

from __future__ import annotations

import torch
from torch import Tensor


class PCA:
    """Principal components of rows [N, F] (Pearson 1901; Hotelling 1933), in double precision."""

    def __init__(self, rows: Tensor) -> None:
        # on the CPU: once, small, and double is not there on every accelerator
        rows = rows.detach().cpu().double()
        self.mean = rows.mean(0)
        centred = rows - self.mean
        values, vectors = torch.linalg.eigh(centred.T @ centred / max(len(rows) - 1, 1))
        self.variances = values.flip(0).clamp_min(0)
        """Variance along each component, largest first."""
        self.components = vectors.flip(1).T
        """Directions [F, F], one a row, largest variance first."""

    def error(self, rows: Tensor, size: int) -> float:
        """Mean squared error of ``rows`` rebuilt from their first ``size`` components."""
        centred = rows.detach().cpu().double() - self.mean
        kept = self.components[:size]
        return float((centred - centred @ kept.T @ kept).square().mean())
