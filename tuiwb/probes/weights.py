"""Size and shape of each layer's weights: how large they are, and whether units differ at all.

Of every layer the first parameter with two dimensions or more is looked at, as a matrix with one
row a unit. Norms of all layers come from one fused call; the two figures that tell symmetry cost
a few products with a vector each and are left out (NaN) for large matrices.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from tuiwb.probes.gradients import parameter_norms
from tuiwb.probes.instrument import Probe
from tuiwb.probes.layers import Layer
from tuiwb.probes.shards import whole
from tuiwb.probes.taps import Taps

LARGEST = 1 << 16
"""Weights of the largest matrix whose rows are compared."""
ROUNDS = 2
"""Of the power iteration. The first already finds the only direction of a matrix of rank one."""
SAME = 1e-4
"""Rows whose shadows are this close, by the spread of the widest row, count as one row."""


class Instrument(Probe):
    """``weight_norm`` (L2); ``weight_rows``, the share of rows that are different from all others
    before them (1 is healthy, 1 / units is one unit many times over); ``weight_rank``, the stable
    rank: power of all directions over that of the strongest, 0 for a matrix of zeros, 1 where all
    rows point one way."""

    columns = ("weight_norm", "weight_rows", "weight_rank")

    def __init__(self, layers: Sequence[Layer], taps: Taps) -> None:
        super().__init__(layers, taps)
        self._size = len(layers)
        self._rows: list[int] = []
        self._weights: list[torch.Tensor] = []
        self._alike: dict[torch.Size, list[int]] = {}
        for row, layer in enumerate(layers):
            owned = layer.module.parameters(recurse=False)
            weight = next((p for p in owned if p.ndim >= 2 and p.is_floating_point()), None)
            if weight is None:
                continue
            if weight.numel() <= LARGEST and len(weight) > 1:
                self._alike.setdefault(weight.shape, []).append(len(self._weights))
            self._rows.append(row)
            self._weights.append(weight)
        self._directions: dict[tuple[torch.Size, torch.device], torch.Tensor] = {}

    def read(self) -> torch.Tensor:
        """Shape (3, layers)."""
        if not self._weights:
            return torch.full((3, self._size), torch.nan, dtype=torch.float32)
        # asked anew each time: a model that is moved to another device has other tensors
        weights = [weight.detach() for weight in self._weights]
        norms = parameter_norms(weights).float()
        figures = torch.full((3, self._size), torch.nan, dtype=torch.float32, device=norms.device)
        rows = torch.tensor(self._rows, device=norms.device)
        figures[0, rows] = norms
        for shape, numbers in self._alike.items():
            # all matrices of one shape together: a deep net costs little more than a shallow one
            block = torch.stack([whole(weights[n]).flatten(1) for n in numbers]).float()
            figures[1:, rows[numbers]] = _shape(
                block, norms[numbers], self._direction(shape, block.device)
            )
        return figures

    def _direction(self, shape: torch.Size, device: torch.device) -> torch.Tensor:
        """A fixed random direction (columns, 1), drawn from a generator of its own."""
        if (shape, device) not in self._directions:
            random = torch.Generator().manual_seed(0)
            size = (shape[1:].numel(), 1)
            drawn = torch.randn(size, generator=random, dtype=torch.float32, device="cpu")
            self._directions[shape, device] = drawn.to(device)
        return self._directions[shape, device]


def _shape(block: torch.Tensor, norms: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    """Matrices [M, rows, columns] -> share of different rows and stable rank, shape (2, M)."""
    # shadows on one direction: equal rows fall together, and others next to never
    shadows = block @ direction
    ordered = shadows.squeeze(-1).sort().values
    apart = ordered.diff() > SAME * ordered.abs().amax(-1, keepdim=True)
    share = (1 + apart.sum(-1)) / block.shape[1]
    for _ in range(ROUNDS):
        v = block.mT @ shadows
        shadows = block @ (v / v.norm(dim=1, keepdim=True).clamp_min(1e-30))
    strongest = shadows.square().sum((1, 2))
    return torch.stack([share.float(), norms.square() / strongest.clamp_min(1e-30)])
