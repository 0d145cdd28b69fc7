"""Histograms of activations and gradients in fixed bins, so that any two may be added.

No minimum or maximum has to be known before (see `base.bins`), and so nothing waits for the device.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch

from tuiwb.base.bins import BINS, LOWEST, POWERS
from tuiwb.probes.layers import Layer
from tuiwb.probes.shards import local, mesh_of, summed
from tuiwb.probes.taps import Taps, thin


def bins_of(values: torch.Tensor) -> torch.Tensor:
    """The bin of each value, int64; what is larger than the largest bin falls into it. Values that
    are not finite have no bin: ``BINS``."""
    exponent = torch.frexp(values).exponent.to(torch.int64)
    power = (exponent - LOWEST + 1).clamp(0, POWERS)
    power = torch.where(values == 0, 0, power)
    return torch.where(values.isfinite(), POWERS + power * values.sign().to(torch.int64), BINS)


class Histograms:
    """Counts of each layer's outputs, and of the gradient of its weights."""

    def __init__(self, layers: Sequence[Layer], taps: Taps) -> None:
        self._layers = len(layers)
        self._taps = taps
        self._weights: dict[int, torch.Tensor] = {}
        for row, layer in enumerate(layers):
            owned = [p for p in layer.module.parameters(recurse=False) if p.is_floating_point()]
            if owned:
                self._weights[row] = max(owned, key=lambda p: p.ndim)

        self._gradients: dict[int, torch.Tensor] = {}

    def observe(self) -> None:
        """After the backward pass, before clipping."""
        self._gradients = {
            row: thin(local(weight.grad))
            for row, weight in self._weights.items()
            if weight.grad is not None and not weight.grad.is_sparse
        }

    def read(self) -> torch.Tensor:
        """Counts, shape (2, layers, BINS): of the activations, then of the gradients."""
        taken = self._taps.outputs, self._gradients
        device = next((v.device for each in taken for v in each.values()), torch.device("cpu"))
        activations, gradients = (self._count(each, device) for each in taken)
        self._gradients = {}
        mesh = mesh_of(next(iter(self._weights.values()))) if self._weights else None
        return torch.stack([activations, summed(gradients, mesh)])

    def _count(self, taken: dict[int, torch.Tensor], device: torch.device) -> torch.Tensor:
        counts = torch.zeros(self._layers * (BINS + 1), dtype=torch.float32, device=device)
        if taken:
            values = torch.cat([v.float().to(device) for v in taken.values()])
            sizes = tuple((row, v.numel()) for row, v in taken.items())
            counts.scatter_add_(
                0, _first_bins(sizes, device) + bins_of(values), torch.ones_like(values)
            )
        return counts.view(self._layers, BINS + 1)[:, :BINS]


@lru_cache(maxsize=64)
def _first_bins(sizes: tuple[tuple[int, int], ...], device: torch.device) -> torch.Tensor:
    """For each of so many values of each row, where the row's bins begin."""
    return torch.cat([torch.full((n,), row * (BINS + 1)) for row, n in sizes]).to(device)
