"""How far made samples lie from real ones: the sliced Wasserstein distance.

Rabin et al. 2011, "Wasserstein barycenter and its application to texture mixing"; Bonneel et al.
2015. Along one direction the 1-Wasserstein distance of two sets of the same size is the mean
distance of the sorted samples; sliced, it is the mean of that over random directions. It is 0 for
equal sets, grows with what is missed as well as with what is too much, and unlike either loss of a
game it can be compared from one evaluation to the next.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tuiwb.data.batches import generator

DIRECTIONS = 64
"""Directions of unit length that are looked along."""


class Sliced:
    """The distance to fixed ``real`` samples [N, *shape], in their unit.

    The directions are drawn once from a generator of their own: every evaluation, and every run on
    such data, looks along the same ones.
    """

    def __init__(self, real: Tensor, directions: int = DIRECTIONS) -> None:
        rows = real.flatten(1).float()
        drawn = torch.randn(rows.shape[1], directions, generator=generator(3))
        self._directions = (drawn / drawn.norm(dim=0)).to(rows.device)
        self._real = rows

    def to(self, made: Tensor) -> Tensor:
        """To [M, *shape]: a scalar. The larger set is thinned evenly to the smaller one's size."""
        rows = made.flatten(1).float()
        count = min(len(rows), len(self._real))
        ours, theirs = (
            (_thinned(part, count) @ self._directions).sort(0).values for part in (rows, self._real)
        )
        return (ours - theirs).abs().mean()


def _thinned(rows: Tensor, count: int) -> Tensor:
    if len(rows) == count:
        return rows
    picked = torch.arange(count, device=rows.device) * len(rows) // count
    return rows.index_select(0, picked)
