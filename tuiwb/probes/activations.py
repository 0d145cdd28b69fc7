"""Statistics of what each layer put out in a sampled step."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from tuiwb.probes.instrument import Probe
from tuiwb.probes.layers import Layer
from tuiwb.probes.taps import Taps, by_length, empty, index_of

FLAT = 0.03
"""Nearer than this to where it levels off, an activation counts as saturated."""
FLOORS = {"Tanh": -1.0, "Hardtanh": -1.0, "Sigmoid": 0.0, "Hardsigmoid": 0.0}
"""Kinds of layer that level off at a floor and at 1."""


class Instrument(Probe):
    """``act_mean``; ``act_std`` (unbiased); ``act_zero``, the share of exact zeros; ``act_dead``,
    the share of a rectifier's units that answered to no sample of the batch; ``act_saturated``, the
    share of a sigmoid's or a tanh's values in its flat parts."""

    columns = ("act_mean", "act_std", "act_zero", "act_dead", "act_saturated")

    def __init__(self, layers: Sequence[Layer], taps: Taps) -> None:
        super().__init__(layers, taps)
        self._floors = {
            row: FLOORS[layer.kind] for row, layer in enumerate(layers) if layer.kind in FLOORS
        }

    def read(self) -> torch.Tensor:
        """Shape (5, layers)."""
        result = empty(5, len(self.layers), self.taps.outputs)
        for rows, block in by_length(self.taps.outputs):
            std, mean = torch.std_mean(block, dim=1, correction=min(1, block.shape[1] - 1))
            zero = (block == 0).float().mean(dim=1)
            at = index_of(tuple(rows), block.device)
            result[:3].index_copy_(1, at, torch.stack([mean, std, zero]))
            for i, row in enumerate(rows):
                if row in self._floors:
                    near = block[i] < self._floors[row] + FLAT
                    result[4, row] = (near | (block[i] > 1 - FLAT)).float().mean()
        for row, peaks in self.taps.peaks.items():
            result[3, row] = (peaks <= 0).float().mean()
        return result
