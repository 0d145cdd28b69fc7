"""Per-layer gradient norms from one fused call.

The norms of all parameters' gradients come from a single ``torch._foreach_norm``; their norm is the
total gradient norm that clipping needs, so that clipping is free when watching is on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from tuiwb.probes.instrument import Probe
from tuiwb.probes.layers import Layer
from tuiwb.probes.shards import local, mesh_of, norms_of
from tuiwb.probes.taps import Taps, index_of


def parameter_norms(gradients: Sequence[torch.Tensor], mesh: Any = None) -> torch.Tensor:
    """L2 norm of each gradient, shape (len(gradients),), on their device. Of gradients, or with
    ``mesh`` of plain tensors, that are a part of what several processes hold: of the whole."""
    mesh = mesh or mesh_of(gradients[0])
    dense = [g.coalesce().values() if g.is_sparse else g for g in gradients]
    return norms_of(dense if mesh is None else [local(g) for g in dense], mesh)


def layer_norms(
    rows: Sequence[int], tensors: Sequence[torch.Tensor], layers: int, mesh: Any = None
) -> torch.Tensor:
    """L2 norm over all ``tensors`` of one row, shape (layers,); NaN for rows without any."""
    norms = parameter_norms(tensors, mesh).float()
    index = index_of(tuple(rows), norms.device)
    zeros = torch.zeros(layers, dtype=torch.float32, device=norms.device)
    squares = zeros.index_add(0, index, norms**2)
    seen = zeros.index_fill(0, index, 1.0)
    return torch.where(seen > 0, squares.sqrt(), torch.nan)


class Instrument(Probe):
    """``grad_norm``: L2 norm of the gradient of all of a layer's parameters, before clipping."""

    columns = ("grad_norm",)

    def __init__(self, layers: Sequence[Layer], taps: Taps) -> None:
        super().__init__(layers, taps)
        self._owned = [
            (row, parameter)
            for row, layer in enumerate(layers)
            for parameter in layer.module.parameters(recurse=False)
        ]
        self._norms: torch.Tensor | None = None

    def observe(self) -> None:
        there = [(row, p.grad) for row, p in self._owned if p.grad is not None]
        self._norms = None
        if there:
            rows, gradients = zip(*there, strict=True)
            self._norms = layer_norms(rows, gradients, len(self.layers))

    def read(self) -> torch.Tensor:
        """Shape (1, layers)."""
        if self._norms is None:
            return torch.full((1, len(self.layers)), torch.nan, dtype=torch.float32)
        return self._norms[None]
