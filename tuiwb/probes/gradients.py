"""Per-layer gradient norms from one fused call.

The norms of all parameters' gradients come from a single ``torch._foreach_norm``; their norm is the
total gradient norm that clipping needs, so that clipping is free when watching is on.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from tuiwb.probes.layers import Layer


def parameter_norms(gradients: Sequence[torch.Tensor]) -> torch.Tensor:
    """L2 norm of each gradient, shape (len(gradients),), float32, on their device."""
    return torch.stack(torch._foreach_norm(list(gradients)))


class Instrument:
    """``grad_norm``: the L2 norm of the gradient of all of a layer's parameters."""

    columns = ("grad_norm",)

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._size = len(layers)
        self._owned = [
            (row, list(layer.module.parameters(recurse=False))) for row, layer in enumerate(layers)
        ]

    def attach(self) -> None:
        """Gradients lie on the parameters: nothing to attach."""

    @torch.no_grad()
    def read(self) -> torch.Tensor:
        """Shape (1, layers)."""
        rows, gradients = [], []
        for row, parameters in self._owned:
            for parameter in parameters:
                if parameter.grad is not None:
                    rows.append(row)
                    gradients.append(parameter.grad)
        if not gradients:
            return torch.full((1, self._size), torch.nan)
        norms = parameter_norms(gradients)
        index = torch.tensor(rows).to(norms.device, non_blocking=True)
        squares = torch.full((self._size,), 0.0, device=norms.device)
        squares.index_add_(0, index, norms.float() ** 2)
        seen = torch.zeros(self._size, dtype=torch.bool, device=norms.device)
        seen[index] = True
        return torch.where(seen, squares.sqrt(), torch.nan)[None]

    def detach(self) -> None:
        """Nothing was attached."""
